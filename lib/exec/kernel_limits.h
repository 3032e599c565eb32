/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the limits of this system are for programs that run as system calls of its. Linux only. */
#pragma once

#include "exec/record.h"

/* Release, page and limits of P. */
void kernel_limits(struct record_place *p);
