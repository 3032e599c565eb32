/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_fail_each.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Host calls that each op of a program made; the child's and the parent's of a fork together. */
struct op_calls {
    uint64_t n[PROG_OPS_MAX];
};

static void count_calls(const struct run_result *res, struct op_calls *ret)
{
    *ret = (struct op_calls){0};
    for (size_t i = 0; i < res->n_steps; i++) {
        ret->n[res->steps[i].op] += res->steps[i].n_calls;
    }
}

/* A host_fail of an earlier op would hit the one that is put before op AT. */
static bool fails_already(const struct prog *p, size_t at)
{
    return at > 0 && p->ops.v[at - 1].kind == OP_host_fail;
}

/* P with the NTH host call of op AT failing. */
static int with_failure(const struct prog *p, size_t at, uint64_t nth, struct prog *ret)
{
    const struct op fail = {
        .kind = OP_host_fail,
        .result = OP_NO_RESULT,
        .arg = {{.base = VALUE_NUM, .num = nth}, {.base = VALUE_NUM, .num = ABI_ENOMEM}}};

    return prog_copy(ret, p) < 0 ? -ENOMEM : prog_insert(ret, at, &fail);
}

/* P, which came from PATH: whatever it shows, all of PATH is to be run again. */
static int run_from(struct soak *s, const struct prog *p, const char *path, struct err *e)
{
    struct buf what = BUF_INIT;
    int rc;

    buf_str(&what, "--fail-each ");
    common_options_print_input(s->common, path, &what);
    rc = soak_run(s, p, buf_text(&what), e);
    buf_free(&what);
    return rc;
}

static int fail_op(struct soak *s, const struct prog *p, const char *path, size_t at,
                   uint64_t n_calls, struct prog *with, struct err *e)
{
    for (uint64_t nth = 1; nth <= n_calls; nth++) {
        int rc = with_failure(p, at, nth, with);

        if (rc < 0) {
            return rc == -E2BIG ? 0 : err_set(e, rc, "out of memory");
        }
        rc = run_from(s, with, path, e);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static int fail_program(struct soak *s, const struct input *in, struct prog *p, struct prog *with,
                        struct op_calls *calls, struct err *e)
{
    int rc = prog_copy(p, &in->prog);

    if (rc < 0) {
        return err_set(e, rc, "out of memory");
    }
    prog_drop_expectations(p);
    rc = run_from(s, p, in->path, e);
    if (rc < 0 || s->result.verdict != RUN_PASS) {
        return rc;
    }
    count_calls(&s->result, calls);
    for (size_t at = 0; rc == 0 && at < p->ops.n; at++) {
        if (calls->n[at] > 0 && !fails_already(p, at)) {
            rc = fail_op(s, p, in->path, at, calls->n[at], with, e);
        }
    }
    return rc;
}

int run_fail_each(struct soak *s, const struct input_list *inputs, struct err *e)
{
    struct op_calls *calls = malloc(sizeof(*calls));
    struct prog p = PROG_INIT;
    struct prog with = PROG_INIT;
    int rc = calls ? 0 : err_set(e, -ENOMEM, "out of memory");

    s->run.adapt_config = false;
    for (size_t t = 0; rc == 0 && t < s->targets->n; t++) {
        soak_begin(s, t);
        for (size_t i = 0; rc == 0 && i < inputs->n; i++) {
            rc = fail_program(s, &inputs->v[i], &p, &with, calls, e);
        }
        if (rc == 0) {
            soak_end(s);
        }
    }
    free(calls);
    prog_free(&p);
    prog_free(&with);
    return rc;
}
