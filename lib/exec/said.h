/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command said on standard error before its end: the line that tells, and its meaning. */
#pragma once

#include "base/buf.h"

/* The line of SAID that names an error, else its first; without what a terminal would obey. */
void said_line(const struct buf *said, struct buf *out);
/*
 * The same as one word that tells one failed assertion from another and is equal after a rebuild
 * and on another machine: no folders, no line numbers, no addresses, no program's name. Nothing if
 * there was nothing.
 */
void said_class(const struct buf *said, struct buf *out);
