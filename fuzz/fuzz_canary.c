/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Must crash on every input: whoever runs this target and sees nothing has a broken alarm. */
#include "target.h"

static int canary(const uint8_t *data, size_t len)
{
    (void)data;
    (void)len;
    return 1;
}

const struct oneshot_desc fuzz_target = {
    .name = "fuzz_canary",
    .bytes = canary,
};
