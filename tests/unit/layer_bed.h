/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A layer on a fake host, ready for calls: flags are neutral (abi/abi.h), errors come back beside
 * the result, and the simulation relation of layer.md 13 can be checked page by page (windows of
 * tests are small).
 */
#pragma once

#include "abi/abi.h"
#include "fake_host.h"
#include "flavour/flavour.h"

#define BED_RW (ABI_PROT_READ | ABI_PROT_WRITE)
#define BED_ANON (ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS)
#define BED_FIXED (BED_ANON | ABI_MAP_FIXED)
#define BED_RUNS 512
#define BED_EVENTS 64

struct bed_config {
    const struct layer_ops *ops;
    unsigned bits;
    uint64_t guest_page, host_page, real_page;
    uint64_t guest_base;
    uint64_t window; /* bytes */
    bool reserved;
    uint64_t min_addr;
};

struct bed {
    struct fake_host fake;
    struct bed_config c;
    struct layer *layer;
    int err;                         /* of the last call: 0 or positive */
    struct layer_run runs[BED_RUNS]; /* of the last bed_dump */
    size_t n_runs;
    struct {
        uint64_t start, last;
    } events[BED_EVENTS]; /* TB invalidations since the last call began */
    size_t n_events;
};

/* Linux flavour, 32 bits, T = 4K, H = R = 16K, reserved_va 0x100000, guest_base 0x7000000000. */
extern const struct bed_config bed_default;

void bed_open(struct bed *b, const struct bed_config *c);
void bed_close(struct bed *b);

/* The calls; FLAGS neutral. The result, or LAYER_FAILED with b->err set. */
uint64_t bed_mmap(struct bed *b, uint64_t start, uint64_t len, int prot, uint64_t flags, int fd,
                  uint64_t offset);
/* FLAGS as the guest system numbers them. */
uint64_t bed_mmap_raw(struct bed *b, uint64_t start, uint64_t len, int prot, uint32_t flags, int fd,
                      uint64_t offset);
/* 0 or the positive errno. */
int bed_munmap(struct bed *b, uint64_t start, uint64_t len);
int bed_mprotect(struct bed *b, uint64_t start, uint64_t len, int prot);
/* The result, or LAYER_FAILED with b->err set. Linux flavour only. */
uint64_t bed_mremap(struct bed *b, uint64_t old, uint64_t old_size, uint64_t new_size,
                    uint32_t flags, uint64_t to);

/* Fresh private anonymous memory at a fixed place; asserts. */
void bed_anon(struct bed *b, uint64_t start, uint64_t len, int prot);
/* The first byte of N guest pages from START becomes BYTE, BYTE + 1, ... whatever the rights. */
void bed_mark(struct bed *b, uint64_t start, unsigned n, uint8_t byte);

void bed_dump(struct bed *b);
/* The run of the last bed_dump that holds AT, or NULL. */
const struct layer_run *bed_run(const struct bed *b, uint64_t at);
/* Page flags of AT. */
uint8_t bed_flags(struct bed *b, uint64_t at);
/* Host rights of the real page at guest address AT, -1 a hole. */
int bed_host(struct bed *b, uint64_t at);
/* The byte at guest address AT, -1 where nothing is or past EOF. */
int bed_byte(struct bed *b, uint64_t at);
/*
 * "rw r- .." of N guest pages from START: F as r, w, x letters, "--" none, ".." free, "r!"
 * TB-protected.
 */
const char *bed_map(struct bed *b, uint64_t start, unsigned n);
/* Is AT covered by an invalidation of the last call? */
bool bed_invalidated(const struct bed *b, uint64_t at);
/* F and host, rights and bytes. */
uint64_t bed_digest(struct bed *b);
/* Assert books and host agree over the whole window, and that the lock is free. */
void bed_check(struct bed *b);
