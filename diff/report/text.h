/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timeline for a terminal, in the style of region_ruler (region/region.h). */
#pragma once

#include "timeline.h"

/*
 * A block per step that changed something or touched the bad page: the step, then per target a line
 * per view, '^' under the bad page. '|' is where a host page begins, ':' a page inside of one. Each
 * block is WIDTH characters wide at most and shows what its step is about; what lies beside it is
 * cut off at '<' and '>'.
 */
void timeline_text(const struct timeline *t, size_t width, struct buf *out);
