/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets that run a guest agent: "qemu-ARCH" with options of the emulator, "cmd:COMMAND" for any
 * wrapper that runs a static Linux binary.
 */
#pragma once

#include "exec/target.h"
#include "exec/words.h"

/* Whether NAME, which may be the rest of a spec, begins as one of them. */
bool target_agent_is(const char *name);
/* All of TEXT. 0, or -EINVAL/-ENOENT with the reason in E. */
int target_agent_parse(struct target_spec *ret, const char *text, struct err *e);
/*
 * The command of SPEC, whose first word is a path. 0, or a negative errno with the reason in E:
 * -ENOTSUP if the emulator, the wrapper or the agent is not here.
 */
int target_agent_command(const struct target_spec *spec, struct words *ret, struct err *e);

/* The N-th row of `twinmap targets` for them; false past the last. */
bool target_agent_status(size_t n, struct target_status *ret);
void target_agent_status_of(const struct target_spec *spec, struct target_status *ret);
