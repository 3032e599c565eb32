/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every bound on a program in one place; the text parser refuses and the binary codec repairs
 * beyond them.
 */
#pragma once

enum {
    OP_ARGS_MAX = 6,
    PROG_OPS_MAX = 4096,
    PROG_FILES_MAX = 256,
    PROG_REQUIRES_MAX = 16,
    PROG_RESULTS_MAX = 4096, /* r0 .. r4095 */
    PROG_FORKS_MAX = 4,      /* each one is a process; more are refused */
    PROG_ACCESS_MAX = 1 << 20, /* bytes of one store or load */
    PROG_COUNT_MAX = 1000000,  /* ordinal of host_fail */
    PROG_BYTES_MAX = 1 << 20, /* size of a binary program */
};
/* Largest file a program may declare: sparse beyond what is mapped, see host/files.h. */
#define PROG_FILE_SIZE_MAX (UINT64_C(1) << 33)
