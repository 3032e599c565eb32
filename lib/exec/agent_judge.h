/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's view of an agent's program, judged by what the guest should have: that is what the
 * model has that followed the program to its end, not what an emulator lists.
 */
#pragma once

#include "exec/follow.h"

struct agent_verdict {
    bool known; /* the model came to the end, and the host was looked at */
    bool holds;
    struct range where; /* guest addresses */
    struct buf why;
};
#define AGENT_VERDICT_INIT ((struct agent_verdict){0})

/* REC is P's; MODEL is scratch. 0 or a negative errno with the reason in E. */
int agent_judge(struct follower *f, const struct prog *p, const struct record *rec,
                struct record *model, struct agent_verdict *ret, struct err *e);
