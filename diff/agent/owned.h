/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an emulator has of its own in the address space that it gives to its guest. */
#pragma once

#include "agent.h"

/* Before the first program: whether there is anything of the kind. */
void owned_find(struct agent *a);

/*
 * Why an op of KIND with ARGS must not be run under an emulator: it would reach what is the
 * emulator's, or be more than it can keep books of. Reads the maps anew where it must.
 */
enum record_poison owned_guard(struct agent *a, enum op_kind kind, const struct op_args *args);
