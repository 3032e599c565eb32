/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine of FreeBSD for the tests of its personality, which share it to count rules. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "vm_rows_run.h"

struct fbsd_bed {
    struct vm *vm;
    struct vm_proc *p;
    struct vm_params params; /* of the next begin; as in the table of situations at first */
    struct vm_reply reply;   /* of the last call */
};

#define F_ANON (FREEBSD_MAP_ANONYMOUS | FREEBSD_MAP_PRIVATE)
#define F_FIX FREEBSD_MAP_FIXED
#define F_STACK (F_ANON | FREEBSD_MAP_STACK)
#define NO_SEEN NULL

/* A fresh machine with B->params. */
void bed_begin(struct fbsd_bed *b);
/* The usual parameters again, pages of PAGE bytes, and a fresh machine. */
void bed_usual(struct fbsd_bed *b, uint64_t page);
/* A file of LEN bytes, readable, writable. */
int bed_file(struct fbsd_bed *b, uint64_t len);

/* The errno of a call's answer, 0 for success; b->reply has the rest. Books are checked. */
int bed_map(struct fbsd_bed *b, uint64_t addr, uint64_t len, uint64_t prot, uint32_t flags,
            const struct vm_answer *seen);
int bed_map_file(struct fbsd_bed *b, uint64_t addr, uint64_t len, uint32_t flags, int fd,
                 uint64_t offset, const struct vm_answer *seen);
int bed_unmap(struct fbsd_bed *b, uint64_t addr, uint64_t len);
int bed_protect(struct fbsd_bed *b, uint64_t addr, uint64_t len, uint64_t prot);
/* 0 or the si_code of the fault. */
int bed_store(struct fbsd_bed *b, uint64_t addr, uint8_t byte);
/* The byte, or minus the si_code. */
int bed_load(struct fbsd_bed *b, uint64_t addr);

#define assert_took(b, value_) \
    do { \
        assert_int_equal((b)->reply.took.err, 0); \
        assert_int_equal((b)->reply.took.value, value_); \
    } while (0)

extern const struct CMUnitTest fbsd_place_tests[], fbsd_call_tests[], fbsd_stack_tests[];
extern const size_t fbsd_place_n, fbsd_call_n, fbsd_stack_n;
