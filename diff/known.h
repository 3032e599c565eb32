/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings that are known, by their signatures, as the files that hold them say on a line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct known {
    char **v;
    size_t n, cap;
};
#define KNOWN_NONE ((size_t)-1)

/*
 * Those of PATH, a text that names them behind "twinmap-finding:", one a line, or of all programs
 * below it, a folder. 0, or a negative errno with one line in E; a file that names none is one.
 */
int known_add(struct known *k, const char *path, struct err *e);
void known_free(struct known *k);
/* Index of SIGNATURE, or KNOWN_NONE. */
size_t known_find(const struct known *k, const char *signature);
