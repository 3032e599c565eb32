/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fuzz target's own file defines, and nothing else: its descriptor. */
#pragma once

#include "exec/oneshot.h"

extern const struct oneshot_desc fuzz_target;
