/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Linux flavour on a simulated Linux: every page-size relation for real, forks without cost. */
#include "target.h"

const struct oneshot_desc fuzz_target = {
    .name = "fuzz_linux_sim",
    .target = "linux,host=sim-linux",
};
