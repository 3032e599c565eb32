/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nothing is ever allocated: what the shared sources may need is there from the start. */
#pragma once

#include <stddef.h>

void *realloc(void *old, size_t len);
void free(void *p);
