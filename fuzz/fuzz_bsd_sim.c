/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BSD flavour on a simulated FreeBSD, which knows the flags that FreeBSD alone has. */
#include "target.h"

const struct oneshot_desc fuzz_target = {
    .name = "fuzz_bsd_sim",
    .target = "bsd,host=sim-freebsd",
};
