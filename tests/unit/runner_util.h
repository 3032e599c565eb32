/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the runner share: a runner on a target or on a layer of the test's own,
 * programs as text.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "exec/runner.h"
#include "op/text.h"

struct bench {
    struct target_spec spec;
    struct runner *runner;
    struct run_options options;
    struct prog prog;
    struct run_result result;
};

/* A runner on TARGET; LAYER, if not NULL, stands in for the target's own. */
static inline void bench_open(struct bench *b, const char *target, const struct layer_ops *layer)
{
    struct err e = {""};

    *b = (struct bench){
        .options = RUN_OPTIONS_DEFAULT, .prog = PROG_INIT, .result = RUN_RESULT_INIT};
    b->options.hang_ms = 200;
    if (target_parse(&b->spec, target, &e) < 0) {
        fail_msg("%s", e.text);
    }
    if (layer) {
        b->spec.layer = layer;
    }
    if (runner_open(&b->runner, &b->spec, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static inline void bench_close(struct bench *b)
{
    runner_close(b->runner);
    run_result_free(&b->result);
    prog_free(&b->prog);
}

static inline enum run_verdict bench_run(struct bench *b, const char *text)
{
    struct err e = {""};

    if (prog_parse(&b->prog, "test", text, strlen(text), &e) < 0 ||
        runner_run(b->runner, &b->prog, &b->options, &b->result, &e) < 0) {
        fail_msg("%s", e.text);
    }
    return b->result.verdict;
}

/* Run TEXT and expect it to pass; says why if it does not. */
static inline void check_pass(struct bench *b, const char *text)
{
    if (bench_run(b, text) != RUN_PASS) {
        struct buf report = BUF_INIT;

        if (b->result.verdict == RUN_FINDING) {
            run_print_report(&b->prog, &b->result, b->spec.text, "FILE", &report);
        }
        fprintf(stderr, "%s\n", buf_text(&report)); /* longer than what cmocka prints */
        fail_msg("%s", buf_text(&b->result.reason));
    }
}

/* Run TEXT and expect a finding of invariant ID whose sentence has SAYS in it. */
static inline void check_finds(struct bench *b, const char *text, enum inv_id id, const char *says)
{
    enum run_verdict verdict = bench_run(b, text);

    if (verdict != RUN_FINDING || b->result.violated != id ||
        !strstr(buf_text(&b->result.reason), says)) {
        fail_msg("verdict %d, %s: \"%s\", expected %s: \"%s\"", verdict,
                 verdict == RUN_FINDING ? inv_descs[b->result.violated].name : "-",
                 buf_text(&b->result.reason), inv_descs[id].name, says);
    }
}

static inline const struct outcome *bench_outcome(const struct bench *b, size_t step)
{
    assert_true(step < b->result.n_steps);
    return &b->result.steps[step].outcome;
}
