/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The native kernel target where there is none: it says so. */
#include "exec/kernel.h"

#include <errno.h>

#define WHY "the native kernel target needs Linux"

int kernel_open(struct kernel **ret, struct err *e)
{
    (void)ret;
    return err_set(e, -ENOTSUP, WHY);
}

struct kernel *kernel_close(struct kernel *k)
{
    (void)k;
    return NULL;
}

bool kernel_available(const char **why)
{
    *why = WHY;
    return false;
}

int kernel_submit(struct kernel *k, const struct prog *p, struct err *e)
{
    (void)k;
    (void)p;
    return err_set(e, -ENOTSUP, WHY);
}

int kernel_take(struct kernel *k, struct record *ret, struct err *e)
{
    (void)k;
    (void)ret;
    return err_set(e, -ENOTSUP, WHY);
}

int kernel_run(struct kernel *k, const struct prog *p, struct record *ret, struct err *e)
{
    (void)ret;
    return kernel_submit(k, p, e);
}

void kernel_set_hang_ms(struct kernel *k, unsigned ms)
{
    (void)k;
    (void)ms;
}

pid_t kernel_child_pid(const struct kernel *k)
{
    (void)k;
    return 0;
}
