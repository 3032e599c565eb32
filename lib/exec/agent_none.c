/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest agents where there are none: it says so. */
#include "exec/agent.h"

#include <errno.h>

#define WHY "guest agents need Linux"

int agent_open(struct agent **ret, const struct agent_options *o, struct err *e)
{
    (void)ret;
    (void)o;
    return err_set(e, -ENOTSUP, WHY);
}

struct agent *agent_close(struct agent *a)
{
    (void)a;
    return NULL;
}

const struct record_place *agent_place(const struct agent *a)
{
    (void)a;
    return NULL;
}

unsigned agent_starts(const struct agent *a)
{
    (void)a;
    return 0;
}

int agent_submit(struct agent *a, const struct prog *p, struct err *e)
{
    (void)a;
    (void)p;
    return err_set(e, -ENOTSUP, WHY);
}

int agent_take(struct agent *a, struct record *ret, struct err *e)
{
    (void)a;
    (void)ret;
    return err_set(e, -ENOTSUP, WHY);
}

int agent_run(struct agent *a, const struct prog *p, struct record *ret, struct err *e)
{
    (void)ret;
    return agent_submit(a, p, e);
}
