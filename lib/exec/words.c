/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/vec.h"

void words_free(struct words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->v[i]);
    }
    free(w->v);
    *w = WORDS_INIT;
}

int words_add(struct words *w, const char *word)
{
    char *copy = strdup(word);

    if (!copy || vec_reserve(w, w->n + 2) < 0) {
        free(copy);
        return -ENOMEM;
    }
    w->v[w->n++] = copy;
    w->v[w->n] = NULL;
    return 0;
}

/* The word at *AT, which moves behind it. */
static int take_word(const char **at, struct buf *word, struct err *e)
{
    char quote = '\0';

    buf_clear(word);
    buf_str(word, "");
    for (; **at && (quote || !strchr(" \t\n", **at)); (*at)++) {
        if (**at == quote) {
            quote = '\0';
        } else if (!quote && (**at == '\'' || **at == '"')) {
            quote = **at;
        } else {
            if (**at == '\\' && quote != '\'' && (*at)[1]) {
                (*at)++;
            }
            buf_add(word, *at, 1);
        }
    }
    if (quote) {
        return err_set(e, -EINVAL, "a quote (%c) is not closed", quote);
    }
    return buf_failed(word) ? err_set(e, -ENOMEM, "out of memory") : 0;
}

int words_split(struct words *w, const char *text, struct err *e)
{
    struct buf word = BUF_INIT;
    int rc = 0;

    while (rc == 0) {
        text += strspn(text, " \t\n");
        if (!*text) {
            break;
        }
        rc = take_word(&text, &word, e);
        if (rc == 0 && words_add(w, buf_text(&word)) < 0) {
            rc = err_set(e, -ENOMEM, "out of memory");
        }
    }
    buf_free(&word);
    return rc;
}

void words_print(const struct words *w, struct buf *out)
{
    for (size_t i = 0; i < w->n; i++) {
        buf_str(out, i ? " " : "");
        buf_word(out, w->v[i]);
    }
}
