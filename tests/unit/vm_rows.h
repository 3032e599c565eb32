/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table "call by situation" of the project's notes on FreeBSD and Linux, as data: each row is a
 * short run of steps on a fresh machine, with what either system answers. A step that means nothing
 * on a system is NA there. Contents, rights and what is mapped are looked at by steps of their own.
 *
 * Arguments are neutral map flags (abi/abi.h); advice and msync flags are the systems' own numbers.
 */
#pragma once

#include <signal.h>

#include "abi/abi.h"
#include "vm/vm_int.h"

enum row_op {
    ROW_MMAP,        /* addr, len, prot, flags, fd, offset */
    ROW_MUNMAP,      /* addr, len */
    ROW_MPROTECT,    /* addr, len, prot */
    ROW_MREMAP,      /* old addr, old len, new len, flags, new addr */
    ROW_MSYNC,       /* addr, len, flags */
    ROW_MADVISE,     /* addr, len, advice */
    ROW_MINCORE,     /* addr, len; WANT_BYTE: the first byte */
    ROW_MINCORE_BAD, /* addr, len: a vector that cannot be written */
    ROW_MINHERIT,    /* addr, len, value */
    ROW_STORE,       /* addr, byte */
    ROW_LOAD,        /* addr */
    ROW_WRITE,       /* fd, offset, byte: one byte by write */
    ROW_TRUNCATE,    /* fd, size */
    ROW_FORK,        /* what follows is done by the child, until ROW_EXIT */
    ROW_EXIT,
    ROW_LOCK,  /* addr, len: wired, as by mlock */
    ROW_VIEW,  /* addr: enum vm_bytes */
    ROW_LIST,  /* addr: what a listing shows there, WANT_LISTED */
    ROW_JOINT, /* addr: are the rows on both sides of it one */
};

enum want_kind {
    WANT_NA,     /* no such step on this system */
    WANT_OK,     /* any success */
    WANT_AT,     /* success with this value */
    WANT_LOW,    /* success that ends at or below 2 GiB */
    WANT_ERR,    /* this errno, the only answer */
    WANT_MAY,    /* this errno is one of the answers of a system with limits */
    WANT_MAY_AT, /* this value is one of the answers */
    WANT_BYTE,   /* this byte; of a load, a vector, a view's kind */
    WANT_HAS,    /* all these bits and others */
    WANT_FAULT,  /* this signal and code */
    WANT_LISTED, /* kind and rights */
    WANT_NOTHING,
    WANT_ONE, /* one row, or either is possible */
    WANT_TWO,
};

struct row_want {
    uint8_t kind; /* enum want_kind */
    uint64_t a, b;
};

struct row_step {
    uint8_t op; /* enum row_op */
    uint64_t arg[6];
    struct row_want want[ABI_SYSTEM_COUNT];
};

enum { ROW_STEPS_MAX = 20 };

struct row {
    const char *number; /* in the notes; several rows may share one */
    const char *situation;
    const char *skip[ABI_SYSTEM_COUNT]; /* why a column cannot be said (whole); NULL: it is */
    bool privileged, may_refuse;
    unsigned linux_release;
    uint64_t areas_max, bytes_max;
    struct row_step step[ROW_STEPS_MAX];
};

struct row_table {
    const char *name;
    const struct row *row;
    size_t n;
};
extern const struct row_table rows_mmap_args, rows_mmap_files, rows_place, rows_range, rows_sync,
    rows_mremap, rows_memory;

/* The bed: descriptors that are open, addresses, and what the placement of a first page gives. */
enum {
    FD_RW = 3, /* ROW_FILE_SIZE bytes; page n is full of ROW_FILE_BYTE(n) */
    FD_RO,
    FD_WO,
    FD_DIR,
    FD_PIPE_R,
    FD_PIPE_W,
    FD_ZERO,
    FD_ZERO_RO,
    FD_DEV,
    FD_NOEXEC,
    FD_APPEND,
    FD_EMPTY,
    FD_RW_AGAIN, /* FD_RW's file opened anew */
    FD_BAD = 99,
};
#define ROW_FILE_SIZE 0x2328
#define ROW_FILE_BYTE(page) (0x10 + (page))

#define P 0x1000ull
#define A 0x10000000ull   /* nothing is mapped here; in FreeBSD's window of the heap */
#define H 0x2000000000ull /* nor here */
#define ABOVE 0xffff800000000000ull
#define TOP_PAGE 0xfffffffffffff000ull
#define LAST_LINUX 0x7fffffffefffull
#define LAST_FREEBSD 0x7fffffffffffull
#define PLACE_LINUX 0x7ffff7fff000ull /* behind the first block given */
#define PLACE_FREEBSD 0x801000000ull  /* the first block given */
/* The value of the last mmap or mremap, plus OFF. */
#define RESULT_MARK 0x5000000000000000ull
#define RESULT_MASK 0xf000000000000000ull
#define RESULT(off) (RESULT_MARK + (off))

/* clang-format off */
#define NONE 0
#define R ABI_PROT_READ
#define W ABI_PROT_WRITE
#define X ABI_PROT_EXEC
#define RW (R | W)
#define MAX(prot) ((prot) << ABI_PROT_MAX_SHIFT)
#define PRIV ABI_MAP_PRIVATE
#define SHAR ABI_MAP_SHARED
#define FIX ABI_MAP_FIXED
#define EXCL (ABI_MAP_FIXED | ABI_MAP_EXCL)
#define ANON (ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS)
#define SHANON (ABI_MAP_SHARED | ABI_MAP_ANONYMOUS)
#define RAW(bits) ((uint64_t)(bits) << ABI_MAP_RAW_SHIFT)
#define NOFD ((uint64_t)-1)

/* Expectations: one for Linux, one for FreeBSD, or BOTH. */
#define NA {WANT_NA, 0, 0}
#define OK {WANT_OK, 0, 0}
#define AT(value) {WANT_AT, value, 0}
#define LOW {WANT_LOW, 0, 0}
#define ERR(name) {WANT_ERR, ABI_##name, 0}
#define MAY(name) {WANT_MAY, ABI_##name, 0}
#define MAY_AT(value) {WANT_MAY_AT, value, 0}
#define BYTE(value) {WANT_BYTE, value, 0}
#define HAS(bits) {WANT_HAS, bits, 0}
#define SEGV(code) {WANT_FAULT, SIGSEGV, code}
#define BUS(code) {WANT_FAULT, SIGBUS, code}
#define LISTED(kind, prot) {WANT_LISTED, REGION_##kind, prot}
#define NOTHING {WANT_NOTHING, 0, 0}
#define ONE {WANT_ONE, 0, 0}
#define TWO {WANT_TWO, 0, 0}
#define BOTH(want) want, want

#define MAP(addr, len, prot, flags, fd, off, ...) \
    {ROW_MMAP, {addr, len, prot, flags, fd, off}, {__VA_ARGS__}}
#define UNMAP(addr, len, ...) {ROW_MUNMAP, {addr, len}, {__VA_ARGS__}}
#define PROTECT(addr, len, prot, ...) {ROW_MPROTECT, {addr, len, prot}, {__VA_ARGS__}}
#define REMAP(old, old_len, new_len, flags, to, ...) \
    {ROW_MREMAP, {old, old_len, new_len, flags, to}, {__VA_ARGS__}}
#define SYNC(addr, len, flags, ...) {ROW_MSYNC, {addr, len, flags}, {__VA_ARGS__}}
#define ADVISE(addr, len, advice, ...) {ROW_MADVISE, {addr, len, advice}, {__VA_ARGS__}}
#define INCORE(addr, len, ...) {ROW_MINCORE, {addr, len}, {__VA_ARGS__}}
#define INCORE_BAD(addr, len, ...) {ROW_MINCORE_BAD, {addr, len}, {__VA_ARGS__}}
#define INHERIT(addr, len, value, ...) {ROW_MINHERIT, {addr, len, value}, {__VA_ARGS__}}
#define STORE(addr, byte, ...) {ROW_STORE, {addr, byte}, {__VA_ARGS__}}
#define LOAD(addr, ...) {ROW_LOAD, {addr}, {__VA_ARGS__}}
#define WRITE(fd, off, byte) {ROW_WRITE, {fd, off, byte}, {BOTH(OK)}}
#define TRUNCATE(fd, size) {ROW_TRUNCATE, {fd, size}, {BOTH(OK)}}
#define FORK(...) {ROW_FORK, {0}, {__VA_ARGS__}}
#define EXIT(...) {ROW_EXIT, {0}, {__VA_ARGS__}}
#define LOCK(addr, len) {ROW_LOCK, {addr, len}, {BOTH(OK)}}
#define VIEW(addr, ...) {ROW_VIEW, {addr}, {__VA_ARGS__}}
#define LIST(addr, ...) {ROW_LIST, {addr}, {__VA_ARGS__}}
#define JOINT(addr, ...) {ROW_JOINT, {addr}, {__VA_ARGS__}}
/* clang-format on */
