/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Self-check of the text readers on arbitrary input. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * 0: refused, or sorted regions that do not overlap; 1: neither, with the reason on standard error.
 */
int hostmap_check_text(const uint8_t *data, size_t len);
