/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command line as words, without a shell: blanks part them, quotes and backslashes keep them. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct words {
    char **v; /* NULL behind the last */
    size_t n, cap;
};
#define WORDS_INIT ((struct words){0})

void words_free(struct words *w);
/* Append WORD; 0 or -ENOMEM. */
int words_add(struct words *w, const char *word);
/* Append those of TEXT. 0, or -EINVAL/-ENOMEM with the reason in E. */
int words_split(struct words *w, const char *text, struct err *e);
/* As words_split reads them. */
void words_print(const struct words *w, struct buf *out);
