/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every host call of a program fails once, one program run each. */
#pragma once

#include "input.h"
#include "soak.h"

/*
 * For each of INPUTS on each target: run it as it is, then once per host call that it made with
 * that call failing with ENOMEM. Expectations do not count. 0 or a negative errno with the reason
 * in E.
 */
int run_fail_each(struct soak *s, const struct input_list *inputs, struct err *e);
