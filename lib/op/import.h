/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded logs (strace -f -e trace=%memory,%desc) as programs. */
#pragma once

#include "op/prog.h"

/*
 * Read the log TEXT. One program per address space, in recorded order; *PROGS (malloc'd, each to be freed with
 * prog_free, the array with free) and *N. Addresses are rebased, descriptors become files, results become
 * expectations of success or errno. 0, or a negative errno with NAME:line:column in E.
 */
int import_strace(const char *name, const char *text, size_t len, struct prog **progs, size_t *n,
                  struct err *e);
