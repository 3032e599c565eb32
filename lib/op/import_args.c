/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of a recorded memory call, and the op that comes of it. */
#include "op/import_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int import_oom(struct importer *im)
{
    return err_set(im->e, -ENOMEM, "%s: out of memory", im->log.name);
}

void import_note(struct import_ctx *x, const char *fmt, ...)
{
    char text[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    buf_fmt(&x->w->out.notes, "# line %zu: %s\n", x->c->head.line, text);
}

/* The place where an argument I should be and is not. */
static struct log_word missing(const struct log_call *c, unsigned i)
{
    return i > 0 ? (struct log_word){c->arg[i - 1].s + c->arg[i - 1].len, 0}
                 : (struct log_word){c->text, 0};
}

int import_number(struct import_ctx *x, unsigned i, uint64_t *ret)
{
    if (i >= x->c->n_args) {
        return log_refuse(&x->im->log, x->c, missing(x->c, x->c->n_args), "another argument",
                          x->im->e);
    }
    if (!log_number_whole(x->c->arg[i], ret)) {
        return log_refuse(&x->im->log, x->c, x->c->arg[i], "a number", x->im->e);
    }
    return 0;
}

/* strace explains what it cannot name: "0x40 / * PROT_??? * /", without the blanks. */
static struct log_word without_comment(struct log_word w)
{
    const char *comment = w.len ? memmem(w.s, w.len, "/*", 2) : NULL;

    if (comment) {
        w.len = (size_t)(comment - w.s);
    }
    while (w.len > 0 && w.s[w.len - 1] == ' ') {
        w.len--;
    }
    return w;
}

int import_flags(struct import_ctx *x, unsigned i,
                 bool (*parse)(const char *word, size_t len, uint64_t *ret), unsigned shift,
                 const char *what, uint64_t *ret)
{
    struct log_word w;

    if (i >= x->c->n_args) {
        return log_refuse(&x->im->log, x->c, missing(x->c, x->c->n_args), what, x->im->e);
    }
    w = without_comment(x->c->arg[i]);
    *ret = 0;
    do {
        const char *bar = w.len ? memchr(w.s, '|', w.len) : NULL;
        struct log_word word = {w.s, bar ? (size_t)(bar - w.s) : w.len};
        uint64_t bits;

        if (parse(word.s, word.len, &bits)) {
            *ret |= bits;
        } else if (log_word_has(word, "<<MAP_HUGE_SHIFT") && log_number(word, &bits)) {
            *ret |= bits << 26 << shift;
        } else if (log_number_whole(word, &bits) && bits <= UINT32_MAX) {
            *ret |= bits << shift;
        } else if (!log_word_is(word, "MAP_FILE")) {
            return log_refuse(&x->im->log, x->c, word, what, x->im->e);
        }
        w = bar ? (struct log_word){bar + 1, w.len - word.len - 1} : (struct log_word){w.s, 0};
    } while (w.len > 0);
    return 0;
}

int import_emit(struct import_ctx *x, struct op *op)
{
    int err;
    int r;

    op->expect = (struct expect){.kind = EXPECT_OK};
    if (x->c->failed) {
        err = abi_errno_parse(x->c->errname.s, x->c->errname.len);
        op->expect.kind = err > 0 ? EXPECT_ERRNO : EXPECT_FAIL;
        op->expect.err = (uint8_t)(err > 0 ? err : 0);
    }
    r = prog_insert(&x->w->out.prog, x->w->out.prog.ops.n, op);
    if (r == -E2BIG) {
        return err_set(x->im->e, r, "%s:%zu:1: more than %d ops in one address space",
                       x->im->log.name, x->c->head.line, PROG_OPS_MAX);
    }
    return r < 0 ? import_oom(x->im) : 0;
}

int import_emit_placed(struct import_ctx *x, struct op *op, struct range r)
{
    /* There are as many results as ops, so a program that may grow has one left. */
    op->result = x->w->next_result++;
    x->w->mapped += range_len(r);
    if (books_add(&x->w->books, r, op->result, 0) < 0) {
        return import_oom(x->im);
    }
    return import_emit(x, op);
}
