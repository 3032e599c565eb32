/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of one program from an agent's frames. The arguments of its ops are not sent: they
 * follow from the program and from what earlier ops answered.
 */
#pragma once

#include "exec/agent_frame.h"
#include "op/resolve.h"

struct agent_steps {
    const struct prog *prog;
    struct record *record;
    struct op_resolver how;
    struct op_results results[PROG_FORKS_MAX + 1]; /* of each process that is not over */
    unsigned depth;
    bool open;             /* the last step has a BEGIN and no END */
    struct region_vec all; /* scratch */
};

/*
 * Whether P can run in PLACE of the target NAME: its configuration there into C, or why not into
 * WHY. An address's width that a program does not name is the place's.
 */
bool agent_steps_fit(const struct prog *p, const struct record_place *place, const char *name,
                     struct prog_config *c, struct buf *why);

void agent_steps_free(struct agent_steps *s);
/* TO, cleared, is the record of P from here on, in PLACE. */
void agent_steps_start(struct agent_steps *s, const struct prog *p, struct record *to,
                       const struct record_place *place);
/* BEGIN and END. 0, -EPROTO with the reason in E, or -ENOMEM. */
int agent_steps_take(struct agent_steps *s, const struct agent_view *f, struct err *e);
/* No more will come: the step that was being run ended so. */
void agent_steps_end(struct agent_steps *s, enum outcome_kind kind, int signal);
/* No more will come: nobody knows what of the program is true from the open step on. */
void agent_steps_spoil(struct agent_steps *s);
