/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes decode; decoding, encoding and repairing are stable, and text loses nothing. */
#include "op/roundtrip.h"
#include "target.h"

const struct oneshot_desc fuzz_target = {
    .name = "fuzz_codec",
    .bytes = roundtrip_codec,
};
