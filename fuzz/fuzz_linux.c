/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Linux flavour on the real host; the program's configuration chooses the page-size relation.
 */
#include "target.h"

const struct oneshot_desc fuzz_target = {
    .name = "fuzz_linux",
    .target = "linux",
};
