/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page-flag table against a naive array of pages. */
#include "pageflags/naive.h"
#include "target.h"

const struct oneshot_desc fuzz_target = {
    .name = "fuzz_pageflags",
    .bytes = pageflags_naive_check,
};
