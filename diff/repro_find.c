/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "repro_find.h"

#include <errno.h>

#include "witness.h"

int repro_open(struct recorder **ret, const struct target_spec *spec, struct err *e)
{
    const struct run_options blind = RUN_OPTIONS_BLIND;
    int rc = recorder_open(ret, spec, e);

    if (rc == 0) {
        recorder_judge_by(*ret, &blind, false);
    }
    return rc;
}

static int record_both(const struct prog *p, const struct repro_finding *f, struct record *good,
                       struct record *bad, struct err *e)
{
    struct recorder *r = NULL;
    int rc = recorder_record(f->good, p, good, e);

    if (rc == 0 && !good->skipped) {
        rc = repro_open(&r, f->bad, e);
        rc = rc < 0 ? rc : recorder_record(r, p, bad, e);
        recorder_close(r);
    }
    return rc;
}

/*
 * Of the ops that look at the bad pages those stay that tell one target from the other, if they
 * still do without the others.
 */
static int prune(struct prog *p, size_t first, const struct repro_finding *f, struct err *e)
{
    struct record good = RECORD_INIT;
    struct record bad = RECORD_INIT;
    struct prog whole = PROG_INIT;
    int rc = record_both(p, f, &good, &bad, e);

    if (rc == 0 && prog_copy(&whole, p) < 0) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    if (rc == 0 && good.skipped) {
        prog_remove(p, first, p->ops.n - first);
    } else if (rc == 0 && witness_shows(p, &good, &bad)) {
        witness_prune(p, first, &good, &bad);
        rc = record_both(p, f, &good, &bad, e);
        if (rc == 0 && !witness_shows(p, &good, &bad) && prog_copy(p, &whole) < 0) {
            rc = err_set(e, -ENOMEM, "out of memory");
        }
    }
    prog_free(&whole);
    record_free(&good);
    record_free(&bad);
    return rc;
}

int repro_find(struct prog *p, const struct repro_finding *f, struct err *e)
{
    const struct record *records;
    struct witness w = {
        .bad_op = f->result->bad_op,
        .has_where = f->result->has_where,
        .where = f->result->where,
        .page = f->result->config.value[CONFIG_GUEST_PAGE],
        .code = f->code,
    };
    size_t first;
    size_t n;
    int rc = judge_records(f->judge, p, &records, &n, e);

    if (rc < 0) {
        return rc;
    }
    w.seen = &records[0];
    if (witness_add(p, &w, &first) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    return first < p->ops.n ? prune(p, first, f, e) : 0;
}
