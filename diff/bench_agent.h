/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest agent saves over one per program, and what it costs over bare system calls. */
#pragma once

#include "base/err.h"

/*
 * TARGET, of kind TARGET_AGENT, runs an agent; NULL: qemu-x86_64. Prints its figures; 0 within the
 * bound, 1 outside, a negative errno with the reason in E: -ENOTSUP if an agent or the emulator is
 * not here.
 */
int bench_agent(const char *target, struct err *e);
