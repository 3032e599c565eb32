/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each limit is needed: its program of corpus/divergences runs clean with it and is a finding of
 * the model without it, on a machine where it applies.
 */
#include "unit/runner_util.h"

#include <stdlib.h>

static const char *const machines[] = {
    "linux,host=sim-linux,guest_page=4096,host_page=16384",
    "linux,host=sim-linux,guest_page=4096,host_page=4096",
    "linux,host=sim-linux,guest_page=16384,host_page=4096",
    "linux,host=sim-linux,guest_page=4096,host_page=65536",
    "bsd,host=sim-freebsd,guest_page=4096,host_page=16384",
    "bsd,host=sim-freebsd,guest_page=16384,host_page=4096",
    "bsd,host=sim-linux,guest_page=4096,host_page=4096",
};

/*
 * Nothing a guest can see is in the first; the second is about memory of the emulator's own, of
 * which no machine has any in the window.
 */
static const char *const unproved[] = {"map-flags-widened", "probe-best-effort"};

static bool is_unproved(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(unproved); i++) {
        if (strcmp(unproved[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void load(struct bench *b, const char *name)
{
    struct buf path = BUF_INIT;
    struct buf text = BUF_INIT;
    struct err e = {""};

    buf_fmt(&path, "%s/corpus/divergences/%s.tm", getenv("TWINMAP_SOURCE"), name);
    if (buf_read_file(&text, buf_text(&path), &e) < 0 ||
        prog_parse(&b->prog, buf_text(&path), text.data, text.len, &e) < 0) {
        fail_msg("%s", e.text);
    }
    buf_free(&path);
    buf_free(&text);
}

static void run(struct bench *b)
{
    struct err e = {""};

    if (runner_run(b->runner, &b->prog, &b->options, &b->result, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

/* Whether limit ID is proved on this machine; a program that runs must run clean everywhere. */
static bool proved(struct bench *b, enum limit_id id)
{
    b->options.limits_off = 0;
    run(b);
    if (b->result.verdict == RUN_SKIP) {
        return false;
    }
    if (b->result.verdict != RUN_PASS && b->result.violated == INV_EXPECTATION) {
        return false; /* a machine where it does not show */
    }
    if (b->result.verdict != RUN_PASS) {
        fail_msg("%s with it: %s", limit_descs[id].name, buf_text(&b->result.reason));
    }
    if (b->result.excused[id] == 0 && id != LIMIT_ID_FAILURE_KEEPS) {
        return false;
    }
    b->options.limits_off = limit_bit(id);
    run(b);
    return b->result.verdict == RUN_FINDING &&
           (b->result.violated == INV_MODEL_OUTCOME || b->result.violated == INV_MODEL_MAPPINGS ||
            b->result.violated == INV_MODEL_CONTENTS);
}

static void test_each_limit_is_needed(void **state)
{
    bool found[LIMIT_COUNT] = {false};
    unsigned missing = 0;

    (void)state;
    for (size_t m = 0; m < ARRAY_LEN(machines); m++) {
        struct bench b;

        bench_open(&b, machines[m], NULL);
        for (unsigned id = 0; id < LIMIT_COUNT; id++) {
            if (!found[id] && !is_unproved(limit_descs[id].name)) {
                load(&b, limit_descs[id].name);
                found[id] = proved(&b, (enum limit_id)id);
            }
        }
        bench_close(&b);
    }
    for (unsigned id = 0; id < LIMIT_COUNT; id++) {
        if (!found[id] && !is_unproved(limit_descs[id].name)) {
            print_error("no machine needs %s\n", limit_descs[id].name);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_limit_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
