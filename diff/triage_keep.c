/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "base/vec.h"
#include "triage_judge.h"

/* A set of lines. */
struct line_list {
    char **v;
    size_t n, cap;
    bool failed;
};

static void line_add(struct line_list *l, const char *text, size_t len)
{
    char *line = strndup(text, len);

    if (!line || vec_reserve(l, l->n + 1) < 0) {
        free(line);
        l->failed = true;
        return;
    }
    l->v[l->n++] = line;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each once, sorted, and no more. */
static void line_list_end(struct line_list *l, struct buf *out)
{
    if (l->n > 1) {
        qsort(l->v, l->n, sizeof(*l->v), by_text);
    }
    for (size_t i = 0; i < l->n; i++) {
        if (i == 0 || strcmp(l->v[i], l->v[i - 1]) != 0) {
            buf_fmt(out, "%s\n", l->v[i]);
        }
    }
    for (size_t i = 0; i < l->n; i++) {
        free(l->v[i]);
    }
    free(l->v);
}

/* Lines of an earlier run's list stay. */
static void add_old_lines(const struct buf *old, struct line_list *lines)
{
    for (const char *at = buf_text(old); *at;) {
        size_t len = strcspn(at, "\n");

        line_add(lines, at, len);
        at += len + (at[len] == '\n');
    }
}

/* The crash files that show F, those of earlier runs too. */
static int print_files(const struct triage *t, const struct finding *f, struct buf *out)
{
    struct line_list lines = {0};
    struct buf old = BUF_INIT;
    struct buf line = BUF_INIT;

    if (finding_read(t->out, buf_text(&f->slug), "files.txt", &old) == 0) {
        add_old_lines(&old, &lines);
    }
    for (size_t i = 0; i < t->crashes.n; i++) {
        const struct crash *x = &t->crashes.v[i];

        if (finding_has(t, f, x)) {
            buf_clear(&line);
            buf_fmt(&line, "%s %8" PRIu64 " ", x->hash, x->size);
            buf_shown(&line, x->name);
            line_add(&lines, buf_text(&line), line.len);
        }
    }
    line_list_end(&lines, out);
    buf_free(&old);
    buf_free(&line);
    return lines.failed || buf_failed(out) ? -ENOMEM : 0;
}

static int keep_one(const struct triage *t, struct finding *f, struct err *e)
{
    struct buf files = BUF_INIT;
    struct finding_file all[] = {
        {"files.txt", &files},
        {"program.tm", &f->program},
        {"report.txt", &f->report},
        {"environment.txt", &f->environment},
        {"repro.c", f->repro.len ? &f->repro : NULL},
    };
    int rc = print_files(t, f, &files);

    rc = rc < 0 ? err_set(e, rc, "out of memory")
                : finding_write(t->out, buf_text(&f->slug), all, f->settled ? 1 : ARRAY_LEN(all),
                                &f->change, e);
    buf_free(&files);
    return rc;
}

int triage_keep(struct triage *t, struct err *e)
{
    int rc = 0;

    if (!t->out || t->findings.n == 0) {
        return 0;
    }
    rc = findings_make(t->out, e);
    for (size_t i = 0; i < t->findings.n && rc == 0; i++) {
        rc = keep_one(t, &t->findings.v[i], e);
    }
    return rc;
}
