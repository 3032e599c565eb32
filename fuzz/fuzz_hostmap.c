/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as a map listing: parsed or refused, never more than was there. */
#include "hostmap/check_text.h"
#include "target.h"

const struct oneshot_desc fuzz_target = {
    .name = "fuzz_hostmap",
    .bytes = hostmap_check_text,
};
