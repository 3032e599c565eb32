/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Self-checks of the program formats on arbitrary input; fuzz targets and property tests share
 * them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * 0: the input's program survives every conversion; 1: it does not, with what differs on standard
 * error.
 */
int roundtrip_codec(const uint8_t *data, size_t len);
/* The same for a text: refused with a position, or printed and parsed back to an equal program. */
int roundtrip_text(const uint8_t *data, size_t len);
