/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps as text, row by row. */
#pragma once

#include "agent.h"
#include "hostmap/readers.h"

/* False: it is enough. */
typedef bool maps_row(const struct linux_map *m, void *arg);

/* Every row of the map PATH. False if it cannot be read, or was enough. */
bool maps_each(const char *path, maps_row *row, void *arg);

/* What lies within WITHIN by /proc/self/maps, into A->now. False: it cannot be read. */
bool maps_read(struct agent *a, struct range within);
