/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the timeline only: its rows are laid first, its columns follow from them. */
#pragma once

#include "timeline.h"

/* timeline_columns.c; the rows are complete but for what is drawn. 0 or -ENOMEM. */
int timeline_lay_columns(struct timeline *t, size_t limit);
