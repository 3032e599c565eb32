/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text: it parses or is refused with a position; what parses prints and parses to the same
 * program.
 */
#include "op/roundtrip.h"
#include "target.h"

const struct oneshot_desc fuzz_target = {
    .name = "fuzz_text",
    .bytes = roundtrip_text,
};
