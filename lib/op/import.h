/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded logs (strace -f -e trace=%memory,%desc) as programs. */
#pragma once

#include "base/buf.h"
#include "op/prog.h"

/* One address space of the log. */
struct import_space {
    struct prog prog;
    struct buf notes; /* comment lines: what was rebased, what was left out */
};

/*
 * Read the log TEXT. One program per address space, in recorded order; *SPACES (for import_free)
 * and *N. Addresses are rebased, descriptors become files, results become expectations of success
 * or errno. 0, or a negative errno with NAME:line:column in E. A log without a single memory call
 * is refused.
 */
int import_strace(const char *name, const char *text, size_t len, struct import_space **spaces,
                  size_t *n, struct err *e);
void import_free(struct import_space *spaces, size_t n);
/* The notes and the program, as a .tm file has them. */
void import_print(const struct import_space *s, struct buf *out);
