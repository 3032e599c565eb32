/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors of the world: an unreadable file, a malformed program, no memory. A function that can fail
 * for such a reason returns 0 or a negative errno and says in `struct err` what a person needs to
 * know, in one line. A wrong answer of the tested layer is a verdict (inv/inv.h), a bug in twinmap
 * is an assertion.
 */
#pragma once

#include <stdarg.h>

#define ERR_TEXT_MAX 512

struct err {
    char text[ERR_TEXT_MAX];
};

/*
 * Write the message; returns CODE (a negative errno) so that a failing path is one statement. E may
 * be NULL.
 */
__attribute__((format(printf, 3, 4))) int err_set(struct err *e, int code, const char *fmt, ...);
