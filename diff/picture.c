/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture.h"

#include <errno.h>
#include <stdlib.h>

#include "report/text.h"

enum { WIDTH_USUAL = 100, WIDTH_MAX = 1000 };

static const struct timeline_limits limits = {.columns = 256, .cells = 24000};

static size_t width(void)
{
    const char *text = getenv("COLUMNS");
    char *rest = NULL;
    unsigned long n = text ? strtoul(text, &rest, 10) : 0;

    return n == 0 || n > WIDTH_MAX || *rest ? WIDTH_USUAL : n;
}

static int record(const struct target_spec *spec, const struct run_options *o, const struct prog *p,
                  struct record *ret, struct err *e)
{
    struct recorder *r;
    int rc = recorder_open(&r, spec, e);

    if (rc < 0) {
        return rc == -ENOTSUP ? 0 : rc;
    }
    recorder_judge_by(r, o, true);
    rc = recorder_record(r, p, ret, e);
    recorder_close(r);
    return rc;
}

static int draw(const struct record *records, size_t n, const struct prog *p,
                const struct picture_finding *f, struct buf *out)
{
    struct timeline t = TIMELINE_INIT;
    struct timeline_subject s = {.prog = p, .records = records, .n_records = n};
    int rc;

    if (f) {
        s.finding = true;
        s.bad_op = f->bad_op;
        s.has_where = f->has_where;
        s.where = f->where;
    }
    rc = timeline_build(&t, &s, &limits);
    if (rc == 0) {
        timeline_text(&t, width(), out);
    }
    timeline_free(&t);
    return rc;
}

int picture_print(const struct target_spec *specs, size_t n_specs, const struct run_options *o,
                  const struct prog *p, const struct picture_finding *f, struct buf *out,
                  struct err *e)
{
    struct record *records = calloc(n_specs, sizeof(*records));
    int rc = records ? 0 : err_set(e, -ENOMEM, "out of memory");

    for (size_t i = 0; rc == 0 && i < n_specs; i++) {
        rc = record(&specs[i], o, p, &records[i], e);
    }
    if (rc == 0 && draw(records, n_specs, p, f, out) < 0) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; records && i < n_specs; i++) {
        record_free(&records[i]);
    }
    free(records);
    return rc;
}
