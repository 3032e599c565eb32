/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host in memory for unit tests: any real page size, files with a known pattern, the n-th call
 * fails on demand, and no merging of neighbours at all, so that code which relies on a kernel's
 * merging is found out. Host addresses are numbers only; nothing is mapped in this process.
 */
#pragma once

#include "host/host.h"

struct fake_object {
    uint64_t size;  /* bytes; beyond its last real page accesses are SIGBUS */
    uint8_t *bytes; /* size rounded up to R */
    int mode;       /* 1 readable, 2 writable */
    int refs;
    unsigned stamp; /* of the last digest that saw it */
};

struct fake_area {
    uint64_t start, last;
    int prot;
    bool shared;
    bool emulator;              /* laid by fake_host_emulator */
    struct fake_object *object; /* NULL: private anonymous */
    uint64_t offset;
};

/* A private copy of one real page. */
struct fake_page {
    uint64_t addr;
    uint8_t *bytes;
};

struct fake_host {
    struct host host;
    struct {
        struct fake_area *v;
        size_t n, cap;
    } areas; /* by address */
    struct {
        struct fake_page *v;
        size_t n, cap;
    } pages;                      /* by address */
    struct fake_object *files[8]; /* descriptor = index + 3 */
    unsigned n_files;
    unsigned calls;   /* since fake_host_arm, those that can fail */
    unsigned fail_at; /* 0 off */
    int fail_err;     /* positive */
    bool fired;
    bool moves_many; /* remap of equal sizes may cross areas, as Linux 6.17 does; else -EFAULT */
    uint64_t top;    /* where a map without a fitting hint goes, downwards from here */
};

void fake_host_init(struct fake_host *f, uint64_t page);
void fake_host_free(struct fake_host *f);
/* Byte AT of any file. */
uint8_t fake_file_byte(uint64_t at);
/* A descriptor for a new file of SIZE bytes of fake_file_byte; MODE 1 readable, 2 writable, 3 both.
 */
int fake_host_file(struct fake_host *f, uint64_t size, int mode);
/* Memory that belongs to somebody else, readable and writable. */
void fake_host_emulator(struct fake_host *f, uint64_t addr, uint64_t len);
/* PROT_NONE placeholder. */
void fake_host_placeholder(struct fake_host *f, uint64_t addr, uint64_t len);
/* Fail the NTH call from now, once; 0 none. */
void fake_host_arm(struct fake_host *f, unsigned nth, int err);
/* Rights of the real page at ADDR, -1 for a hole. */
int fake_host_prot(const struct fake_host *f, uint64_t addr);
const struct fake_area *fake_host_area(const struct fake_host *f, uint64_t addr);
/* The byte at ADDR whatever the rights; -1 where nothing is or past EOF. */
int fake_host_byte(struct fake_host *f, uint64_t addr);
/* As if the guest stored it: asserts nothing but ignores rights; shared memory reaches its object.
 */
void fake_host_poke(struct fake_host *f, uint64_t addr, uint8_t byte);
/* Digest of all areas (start, rights, backing) and bytes, to compare before and after a failure. */
uint64_t fake_host_digest(struct fake_host *f);
