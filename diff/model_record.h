/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a kernel as the specification has it shows of a program: what should be. */
#pragma once

#include "exec/recorder.h"

/* A recorder on the model of SYSTEM. As recorder_open. */
int model_open(enum abi_system system, struct recorder **ret, struct err *e);
/*
 * P on it. 0, or a negative errno with the reason in E: -ENOTSUP if it cannot run there.
 */
int model_record(struct recorder *model, const struct prog *p, struct record *ret, struct err *e);
