/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which ops a process that runs programs in its own address space must not run: for the native
 * child and for the guest agent, which is built without a C library.
 */
#pragma once

#include "exec/record.h"

/* What a process has when an op is about to be run. */
struct kernel_reach {
    const struct record_place *place;
    const struct region_vec *now; /* what the program has mapped within the place */
    bool locks;                   /* a mapping of the program may be locked */
};

/* Whether an op of KIND may be run with ARGS, else why not. */
enum record_poison kernel_guard(const struct kernel_reach *k, enum op_kind kind,
                                const struct op_args *args);
