/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine without a real personality: tests of the core link these two instead, so that no
 * kernel's rule is between a test and what it looks at.
 */
#pragma once

#include "vm/core.h"

/* 64 pages that areas are put in by tests. */
#define STUB_BASE 0x10000000ull

struct vm_bed {
    struct vm *vm;
    struct vm_proc *p;
    uint64_t page;
};

/* cmocka fixtures: *STATE is a struct vm_bed of Linux without merging, P = 4096. */
int vm_bed_setup(void **state);
int vm_bed_teardown(void **state);
/* Begin anew. */
void vm_bed_begin(struct vm_bed *b, enum abi_system system, uint64_t page, bool merge);

/* Pages [FIRST, FIRST + N) behind STUB_BASE. */
struct range vm_bed_pages(const struct vm_bed *b, uint64_t first, uint64_t n);
uint64_t vm_bed_at(const struct vm_bed *b, uint64_t page);
/* Private anonymous memory with rights RW. */
struct vm_area_attr vm_bed_anon(void);
/* A map of FD from page INDEX on, with rights RW. */
struct vm_area_attr vm_bed_file(const struct vm_bed *b, int fd, uint64_t index, bool shared);
void vm_bed_map(struct vm_bed *b, struct vm_proc *p, uint64_t first, uint64_t n,
                const struct vm_area_attr *a);
/* One byte; a load that faults is the negative errno. */
int vm_bed_load(struct vm_proc *p, uint64_t at);
int vm_bed_store(struct vm_proc *p, uint64_t at, uint8_t value);
/* Fails with what vm_check says. */
void vm_bed_sound(struct vm_bed *b);
/* vm_area_joint of the area that starts at PAGE and the one below. */
enum vm_joint vm_bed_joint(struct vm_bed *b, uint64_t page);
