/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the reproducers only: what a record says of each op of its program. */
#pragma once

#include "repro.h"

struct repro_step {
    const struct record_step *seen; /* NULL: the record has none of this op */
    struct expect expect;
    /* Why the op is not to be run: it was not in the record. NULL: it is. */
    const char *left_out;
    /* Why nothing is expected of an op that is run; NULL: something is, or it has no result. */
    const char *silent;
    bool contradicted; /* the program's own expectation is not what was seen */
    bool fixed;        /* the program said where its map goes, */
    unsigned where;    /* by this argument */
};

struct repro_steps {
    struct repro_step *v; /* one per op */
    size_t n;
};

/* 0 or -ENOMEM. */
int repro_steps_make(struct repro_steps *s, const struct repro *r);
void repro_steps_free(struct repro_steps *s);

/* " -1 EINVAL": what the record has for OP, whose step is S. */
void repro_print_seen(const struct record *rec, const struct op *op, const struct repro_step *s,
                      struct buf *out);

/* Each line of TEXT (may be NULL) behind PREFIX, with nothing in it that would end a comment. */
void repro_comment(const char *text, const char *prefix, struct buf *out);
