/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the reproducers only: what a stand-alone program must do about its address space before
 * the first op, so that the ops find what they found in the record and reach nothing but their own
 * memory. The usual program needs a free stretch for what it addresses as "@", or nothing. One that
 * looks beside what the system placed needs the whole room as the recording had it.
 */
#pragma once

#include "base/range.h"
#include "repro_steps.h"

struct repro_space {
    bool has_window; /* it says "@": */
    struct range
        window;  /* all that this reaches; addresses of the record, which may lie below "@0" */
    bool pinned; /* and only at the record's own address can it show the same */
    bool room;   /* what lies beside placed maps is looked at */
    struct {     /* absolute addresses that must be free, apart from each other */
        struct range *v;
        size_t n, cap;
    } free;
};

/*
 * S says what is run; ops that mean nothing elsewhere are left out of it too. 0; -ENOTSUP with the
 * reason in E if the program cannot be run outside; -ENOMEM.
 */
int repro_space_find(struct repro_space *space, const struct repro *r, struct repro_steps *s,
                     struct err *e);
void repro_space_free(struct repro_space *s);
