/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of a program's arguments as a guest's registers would hold them: results looked up,
 * addresses of the window made absolute, flags in the system's own numbers.
 */
#pragma once

#include "op/prog.h"

/* Descriptors above every process's limit: surely closed. */
enum { OP_FD_CLOSED = 0x40000000 };

/* Value of rK, and whether rK exists. */
struct op_results {
    uint64_t value[PROG_RESULTS_MAX];
    bool set[PROG_RESULTS_MAX];
    size_t used; /* all above are not set */
};
void op_results_clear(struct op_results *r);
void op_results_copy(struct op_results *to, const struct op_results *from);
/* OP's result, if it names one: VALUE, or with OK false that there is none. */
void op_results_put(struct op_results *r, const struct op *op, bool ok, uint64_t value);

/* The arguments an op is run with. */
struct op_args {
    uint64_t arg[OP_ARGS_MAX]; /* a descriptor: the file's index if file is not -1 */
    int64_t file;              /* index of the program's file an fd argument names, -1 none */
};

struct op_resolver {
    enum abi_system system;
    unsigned bits;   /* of a guest register */
    uint64_t window; /* address of "@0" */
    size_t n_files;
    bool mremap; /* the target has the call */
};

/*
 * False if OP cannot be said on this target or uses a result that does not exist; *RET is then
 * nobody's arguments, but file is right or -1.
 */
bool op_resolve(const struct op_resolver *how, const struct op *op, const struct op_results *r,
                struct op_args *ret);
/* One value; false if it names a result that does not exist. */
bool op_resolve_value(const struct op_resolver *how, const struct value *v,
                      const struct op_results *r, uint64_t *ret);
