/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two files of the limits share. Nobody else includes this. */
#pragma once

#include "inv/inv_priv.h"
#include "inv/limit.h"

/* ID if it counts here, else LIMIT_NONE. */
enum limit_id limit_if(const struct limit_ctx *c, enum limit_id id, bool excused);
/* A host call of the step failed. */
bool limit_host_failed(const struct inv_view *v);
