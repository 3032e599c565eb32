/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page-flag table against an array with one entry per page: the same changes, the same answers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Take changes from DATA until it ends. 0: both agree; 1: they do not, with the first difference on
 * standard error.
 */
int pageflags_naive_check(const uint8_t *data, size_t len);
