/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running rows of vm_rows.h. */
#pragma once

#include <errno.h>

#include "base/buf.h"
#include "vm_rows.h"

struct row_run {
    struct vm *vm;
    enum abi_system system;
    struct vm_proc *proc;   /* that runs now */
    struct vm_proc *parent; /* of it, while a child runs */
    uint64_t result;
    size_t steps;     /* that were run */
    struct buf wrong; /* one line per row that failed */
};

/* ROW on run->system, a fresh machine. False with a line in run->wrong. */
bool row_run(struct row_run *run, const struct row *row);
