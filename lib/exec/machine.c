/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of machines. */
#include "exec/machine.h"

#include <string.h>

static const struct machine_ops *const machines[] = {
    &machine_real,
    &machine_sim_linux,
    &machine_sim_freebsd,
};

const struct machine_ops *machine_nth(size_t n)
{
    return n < ARRAY_LEN(machines) ? machines[n] : NULL;
}

const struct machine_ops *machine_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        if (strcmp(machines[i]->name, name) == 0) {
            return machines[i];
        }
    }
    return NULL;
}

struct machine *machine_close(struct machine *m)
{
    if (m) {
        m->ops->close(m);
    }
    return NULL;
}
