/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One row per rule of the Linux personality: steps on a fresh machine, what they answer, and the
 * rule that must have been counted. Flags are Linux's own numbers.
 */
#pragma once

#include "vm/vm_int.h"

enum step_op {
    STEP_END,
    STEP_MMAP,     /* addr, len, prot, flags, fd, offset */
    STEP_MUNMAP,   /* addr, len */
    STEP_MPROTECT, /* addr, len, prot */
    STEP_MREMAP,   /* old addr, old len, new len, flags, new addr */
    STEP_MSYNC,    /* addr, len, flags */
    STEP_MADVISE,  /* addr, len, advice */
    STEP_MINCORE,  /* addr, len, whether there is a vector */
    STEP_STORE,    /* addr, byte */
    STEP_LOAD,     /* addr: the value is the byte */
    STEP_WRITE,    /* offset, byte: one byte to FD_RW by write */
    STEP_MAPPED,   /* addr: the value is the rights there, NOWHERE if nothing is mapped */
    STEP_FORK,     /* the steps behind it are the child's */
};

struct step {
    uint8_t op; /* enum step_op */
    uint64_t arg[6];
    int err; /* errno; of an access: the negative signal */
    uint64_t value;
    bool may; /* the answer is one of several: it is seen, and must be allowed */
};

struct vm_linux_row {
    enum vm_rule rule;
    bool privileged, merge, may_refuse, exec_only;
    unsigned bits, release;
    uint64_t areas_max, bytes_max, commit_max;
    bool window;    /* known is WINDOW alone */
    bool low_place; /* placement begins at A + 0x10 P */
    struct step step[9];
};

struct vm_linux_table {
    const struct vm_linux_row *row;
    size_t n;
};
extern const struct vm_linux_table vm_linux_mmap_rows, vm_linux_range_rows, vm_linux_mremap_rows;

/* The bed's descriptors. The file has three pages and 0x100 bytes; page n is full of 0x10 + n. */
enum { FD_RW = 3, FD_RO, FD_WO, FD_DIR, FD_ZERO, FD_NOEXEC, FD_APPEND, FD_BAD = 99 };

#define P 0x1000ull
#define A 0x10000000ull
#define B 0x20000000ull
#define WINDOW_LAST (A + 0x3fffff)
#define LAST 0x7fffffffefffull
#define TOP 0x7ffff7fff000ull /* placement begins below */
#define MIN 0x10000ull
#define HUGE (1ull << 62)
#define NOWHERE 0xff
#define R ABI_PROT_READ
#define W ABI_PROT_WRITE
#define X ABI_PROT_EXEC
#define RW (R | W)
#define PRIV LINUX_MAP_PRIVATE
#define SHAR LINUX_MAP_SHARED
#define FIX LINUX_MAP_FIXED
#define NOREP LINUX_MAP_FIXED_NOREPLACE
#define ANON (LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS)
#define SHANON (LINUX_MAP_SHARED | LINUX_MAP_ANONYMOUS)
#define DROP (8 | LINUX_MAP_ANONYMOUS)
#define MOVE ABI_MREMAP_MAYMOVE
#define TO (ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED)
#define KEEP (ABI_MREMAP_MAYMOVE | ABI_MREMAP_DONTUNMAP)

/* What a step answers. */
#define OK .value = 0
#define AT(v) .value = (v)
#define E(name) .err = ABI_##name
#define MAY(name) .err = ABI_##name, .may = true
#define MAY_AT(v) .value = (v), .may = true
#define SIG(n) .err = -(n)

#define MAP(addr, len, prot, flags, fd, off, ...) \
    { \
        .op = STEP_MMAP, .arg = {addr, len, prot, flags, (uint64_t)(fd), off}, __VA_ARGS__ \
    }
#define LAY(addr, len, prot, flags) MAP(addr, len, prot, (flags) | FIX, -1, 0, AT(addr))
#define LAYF(addr, len, prot, flags, fd, off) MAP(addr, len, prot, (flags) | FIX, fd, off, AT(addr))
#define UNMAP(addr, len, ...) \
    { \
        .op = STEP_MUNMAP, .arg = {addr, len}, __VA_ARGS__ \
    }
#define PROTECT(addr, len, prot, ...) \
    { \
        .op = STEP_MPROTECT, .arg = {addr, len, prot}, __VA_ARGS__ \
    }
#define REMAP(old, ol, nl, flags, to, ...) \
    { \
        .op = STEP_MREMAP, .arg = {old, ol, nl, flags, to}, __VA_ARGS__ \
    }
#define SYNC(addr, len, flags, ...) \
    { \
        .op = STEP_MSYNC, .arg = {addr, len, flags}, __VA_ARGS__ \
    }
#define ADVISE(addr, len, adv, ...) \
    { \
        .op = STEP_MADVISE, .arg = {addr, len, adv}, __VA_ARGS__ \
    }
#define INCORE(addr, len, vec, ...) \
    { \
        .op = STEP_MINCORE, .arg = {addr, len, vec}, __VA_ARGS__ \
    }
#define STORE(addr, byte, ...) \
    { \
        .op = STEP_STORE, .arg = {addr, byte}, __VA_ARGS__ \
    }
#define LOAD(addr, ...) \
    { \
        .op = STEP_LOAD, .arg = {addr}, __VA_ARGS__ \
    }
#define WRITE(off, byte) \
    { \
        .op = STEP_WRITE, .arg = { off, byte } \
    }
#define MAPPED(addr, prot) \
    { \
        .op = STEP_MAPPED, .arg = {addr}, .value = (prot) \
    }
#define FORK \
    { \
        .op = STEP_FORK \
    }
#define RULE(name) .rule = VM_RULE_LINUX_##name
