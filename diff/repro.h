/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that carries what it should show: what a target's record says becomes its expectations.
 * As text for twinmap, and as one C file that needs nothing but a C library (docs/REPRO.md).
 */
#pragma once

#include "base/buf.h"
#include "exec/record.h"

struct repro {
    const struct prog *prog;
    const struct record *record; /* of the target whose outcomes are expected */
    const char *title;           /* lines for the head, may be NULL */
    bool maps;                   /* C: what is mapped where "@" reaches is looked up in the end */
};

/*
 * The program in text form. What it expects already stays; recorded outcomes are added, exact where
 * a system has no choice, "ok" where the place of a map was its own. 0 or -ENOMEM.
 */
int repro_text(const struct repro *r, struct buf *out);
/*
 * One C file. 0; -ENOTSUP with the reason in E if the program cannot be said in C (host_fail, exec,
 * what would harm the machine); -ENOMEM.
 */
int repro_c(const struct repro *r, struct buf *out, struct err *e);
/*
 * The first op of which the program itself expects another thing than the record has; their number
 * if there is none. What the program says stays, so a reproducer of such a program fails on the
 * record's own target.
 */
size_t repro_contradiction(const struct repro *r);
