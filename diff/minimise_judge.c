/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "minimise_judge.h"

#include <errno.h>
#include <string.h>

#include "signature.h"

struct judged {
    struct judge *judge;
    struct judge_result now;    /* of the last candidate */
    struct judge_result *last;  /* of the smallest so far */
    struct buf first;           /* the signature in the beginning: what settles does not drift on */
    bool other_pages, other_op; /* since then */
    enum minimise_change change; /* of the last candidate */
};

/* Whether P would run elsewhere than it says, because a target overrides it. */
static bool is_overridden(const struct prog_config *used, const struct prog_config *said)
{
    bool host_differs = used->value[CONFIG_HOST_PAGE] != said->value[CONFIG_HOST_PAGE] &&
                        config_effective_host_page(used) != config_effective_host_page(said);

    return host_differs || used->value[CONFIG_GUEST_PAGE] != said->value[CONFIG_GUEST_PAGE] ||
           used->value[CONFIG_BITS] != said->value[CONFIG_BITS] ||
           used->value[CONFIG_RESERVED] != said->value[CONFIG_RESERVED] ||
           used->value[CONFIG_GUEST_BASE] != said->value[CONFIG_GUEST_BASE];
}

static int same(void *arg, const struct prog *p, enum minimise_change change, struct err *e)
{
    struct judged *d = arg;
    int rc = judge_run(d->judge, p, &d->now, e);

    if (rc < 0) {
        return rc;
    }
    if (buf_failed(&d->now.signature)) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    d->change = change;
    return d->now.verdict == JUDGE_FINDING && !is_overridden(&d->now.config, &p->config) &&
           signature_is_kept(buf_text(&d->last->signature), buf_text(&d->now.signature),
                             change == MINIMISE_PAGES, change == MINIMISE_OP) &&
           signature_is_kept(buf_text(&d->first), buf_text(&d->now.signature),
                             d->other_pages || change == MINIMISE_PAGES,
                             d->other_op || change == MINIMISE_OP);
}

static void taken(void *arg, const struct prog *p)
{
    struct judged *d = arg;
    struct judge_result now = d->now;

    (void)p;
    d->other_pages |= d->change == MINIMISE_PAGES;
    d->other_op |= d->change == MINIMISE_OP;
    d->now = *d->last;
    *d->last = now;
}

/* Run P, as often as O says, until it fails as it says. */
static int first_finding(struct judge *j, const struct prog *p, const struct minimise_options *o,
                         struct judge_result *last, uint64_t *executed, struct err *e)
{
    unsigned runs = o->runs ? o->runs : 1;

    for (unsigned i = 0; i < runs; i++) {
        int rc = judge_run(j, p, last, e);

        *executed += rc == 0;
        if (rc < 0 || last->verdict == JUDGE_SKIP ||
            (last->verdict == JUDGE_FINDING &&
             (!o->signature || strcmp(buf_text(&last->signature), o->signature) == 0))) {
            return rc;
        }
    }
    return 0;
}

/* P as far as the finding, and under the configuration as it was used, if it fails so, too. */
static int begin(struct judged *d, struct prog *p, const struct minimise_options *o,
                 uint64_t *executed, struct err *e)
{
    struct prog trial = PROG_INIT;
    unsigned runs = o->runs ? o->runs : 1;
    int rc = prog_copy(&trial, p) < 0 ? err_set(e, -ENOMEM, "out of memory") : 0;

    if (d->last->bad_op < trial.ops.n) {
        trial.ops.n = d->last->bad_op + 1;
    }
    trial.config = d->last->config;
    prog_fixup(&trial);
    if (prog_equal(&trial, p)) {
        runs = 0;
    }
    for (unsigned i = 0; rc == 0 && i < runs; i++) {
        rc = same(d, &trial, MINIMISE_NOTHING, e);
        *executed += rc >= 0;
    }
    if (rc > 0) {
        rc = prog_copy(p, &trial) < 0 ? err_set(e, -ENOMEM, "out of memory") : 0;
        taken(d, p);
    }
    prog_free(&trial);
    return rc;
}

int minimise_by_judge(struct judge *j, struct prog *p, const struct minimise_options *o,
                      struct judge_result *last, struct minimise_stats *ret, struct err *e)
{
    struct judged d = {.judge = j, .last = last};
    struct minimise_options own = *o;
    uint64_t executed = 0;
    size_t n_ops = p->ops.n;
    int rc = first_finding(j, p, o, last, &executed, e);

    *ret = (struct minimise_stats){.ops_before = n_ops, .ops_after = n_ops};
    buf_str(&d.first, buf_text(&last->signature));
    if (buf_failed(&d.first)) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    if (rc == 0 && last->verdict == JUDGE_FINDING) {
        rc = begin(&d, p, o, &executed, e);
        own.pred = (struct minimise_pred){.same = same, .taken = taken, .arg = &d};
        if (rc == 0 && (o->budget == 0 || o->budget > executed)) {
            own.budget = o->budget ? o->budget - executed : 0;
            rc = minimise(p, &own, ret, e);
        } else {
            ret->exhausted = rc == 0;
        }
    }
    ret->executed += executed;
    ret->ops_before = n_ops;
    ret->ops_after = p->ops.n;
    judge_result_free(&d.now);
    buf_free(&d.first);
    return rc;
}
