/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two targets that chose by themselves: alike where only addresses differ, and whatever part of a
 * record is false is found, pages that an op did not name whatever a rule says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "diff/peers.h"
#include "diff/rules.h"
#include "exec/recorder.h"
#include "op/text.h"

#define LINUX_SIM "linux,host=sim-linux"
#define BSD_SIM "bsd,host=sim-freebsd"
#define MAP(at, prot) "mmap(" at ", 0x4000, " prot ", MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"

struct bed {
    struct peers *peers;
    struct prog prog;
    struct record a, b;
    struct compare_result result;
    unsigned seen[COMPARE_FINDING + 1]; /* verdicts of ops */
    size_t bad;
};

static void record(const char *target, const struct prog *p, struct record *ret)
{
    struct target_spec spec;
    struct recorder *r;
    struct err e = {""};

    if (target_parse(&spec, target, &e) < 0 || recorder_open(&r, &spec, &e) < 0 ||
        recorder_record(r, p, ret, &e) < 0) {
        fail_msg("%s", e.text);
    }
    recorder_close(r);
}

static void open_bed(struct bed *x, const char *a, const char *b, const char *text)
{
    struct err e = {""};

    *x = (struct bed){.prog = PROG_INIT};
    x->peers = peers_new();
    assert_non_null(x->peers);
    if (prog_parse(&x->prog, "test", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
    record(a, &x->prog, &x->a);
    record(b, &x->prog, &x->b);
}

static void close_bed(struct bed *x)
{
    peers_free(x->peers);
    prog_free(&x->prog);
    record_free(&x->a);
    record_free(&x->b);
    buf_free(&x->result.text);
}

/* Whether there is no finding. */
static bool alike(struct bed *x, uint64_t rules_off)
{
    memset(x->seen, 0, sizeof(x->seen));
    assert_null(peers_begin(x->peers, &x->prog, &x->a, &x->b, rules_off));
    for (size_t i = 0; i < x->a.steps.n; i++) {
        assert_int_equal(peers_step(x->peers, i, &x->result), 0);
        x->seen[x->result.verdict] += x->a.steps.v[i].what == RECORD_OP;
        if (x->result.verdict == COMPARE_FINDING) {
            x->bad = i;
            return false;
        }
    }
    return true;
}

/* The step of op OP in R. */
static struct record_step *step(struct record *r, size_t op)
{
    for (size_t i = 0; i < r->steps.n; i++) {
        if (r->steps.v[i].what == RECORD_OP && r->steps.v[i].step.op == op) {
            return &r->steps.v[i];
        }
    }
    fail_msg("no step of op %d", (int)op);
    return NULL;
}

static void test_placed_maps_may_lie_anywhere(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, "linux,host=sim-linux,host_page=16384", LINUX_SIM ",reserved=0x10000000",
             "r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
             "r1 = mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
             "store(r1+0x1000, 64, 5)\nload(r1+0x1000, 64)\nmunmap(r0, 0x1000)\n"
             "load(r0, 1)\nr2 = mremap(r1, 0x3000, 0x1000, 0)\n");
    assert_true(step(&x.a, 0)->step.outcome.value != step(&x.b, 0)->step.outcome.value);
    assert_true(alike(&x, 0));
    assert_int_equal(x.seen[COMPARE_SAME], 7);
    step(&x.b, 1)->step.outcome.value += 0x1000; /* not where its regions say */
    assert_false(alike(&x, 0));
    close_bed(&x);
}

static void test_a_false_outcome_is_found(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, LINUX_SIM, LINUX_SIM, MAP("@0x40000", "PROT_READ") "load(@0x40000, 16)\n");
    assert_true(alike(&x, 0));
    step(&x.b, 1)->step.outcome.value = 7;
    assert_false(alike(&x, 0));
    assert_int_equal(x.result.what, COMPARE_OUTCOME);
    step(&x.b, 1)->step.outcome.value = 0;
    step(&x.b, 1)->step.outcome.mixed = true;
    assert_false(alike(&x, 0));
    step(&x.b, 1)->step.outcome = (struct outcome){.kind = OUTCOME_SIGNAL, .signal = 11};
    assert_false(alike(&x, 0));
    step(&x.b, 1)->step.outcome = (struct outcome){.kind = OUTCOME_CRASH, .signal = 11};
    assert_false(alike(&x, 0));
    assert_non_null(strstr(buf_text(&x.result.text), "crashed"));
    close_bed(&x);
}

static void test_a_false_mapping_is_found(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, LINUX_SIM, LINUX_SIM, MAP("@0x40000", "PROT_READ") MAP("@0x80000", "PROT_READ"));
    x.b.regions.v[step(&x.b, 1)->regions.first].prot |= REGION_W;
    assert_false(alike(&x, 0));
    assert_int_equal(x.result.what, COMPARE_REGIONS);
    assert_int_equal(x.result.where.start, 0x40000);
    close_bed(&x);
}

static void test_a_missing_step_is_found(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, LINUX_SIM, LINUX_SIM, MAP("@0x40000", "PROT_READ") "load(@0x40000, 1)\n");
    x.b.steps.n = 1;
    assert_false(alike(&x, 0));
    assert_int_equal(x.result.what, COMPARE_LENGTH);
    close_bed(&x);
}

#define DONTNEED \
    MAP("@0x40000", "PROT_READ|PROT_WRITE") \
    MAP("@0x80000", "PROT_READ|PROT_WRITE") \
    "store(@0x40000, 64, 5)\n" \
    "store(@0x80000, 64, 6)\n" \
    "madvise(@0x40000, 0x1000, MADV_DONTNEED)\n"

static void test_a_rule_excuses_what_it_says(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, LINUX_SIM, BSD_SIM, DONTNEED "load(@0x40000, 64)\nload(@0x80000, 64)\n");
    assert_true(alike(&x, 0));
    assert_int_equal(x.seen[COMPARE_EXCUSED], 1);
    assert_int_equal(x.seen[COMPARE_POISONED], 1); /* the load of what has come apart */
    assert_false(alike(&x, rule_bit(RULE_ID_DONTNEED)));
    assert_int_equal(x.result.what, COMPARE_BYTES);
    close_bed(&x);
}

/* A digest of another page, one that the op did not name, with other bytes. */
static void lose_bytes(struct record *r, size_t op, uint64_t page, uint64_t sum)
{
    struct record_step *s = step(r, op);
    struct record_digest *d = &r->digests.v[s->digests.first];

    assert_true(s->digests.n > 0);
    *d = (struct record_digest){.page = page, .sum = sum, .bytes = RECORD_BYTES_KNOWN};
}

static void test_no_rule_excuses_lost_bytes(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, LINUX_SIM, BSD_SIM, DONTNEED);
    lose_bytes(&x.a, 4, 0x80000, 1);
    lose_bytes(&x.b, 4, 0x80000, 2);
    assert_false(alike(&x, 0));
    assert_int_equal(x.result.what, COMPARE_BYTES);
    assert_int_equal(x.result.where.start, 0x80000);
    /* nor does a limit of the layer */
    step(&x.a, 4)->step.excused = UINT64_MAX >> 1;
    assert_false(alike(&x, 0));
    close_bed(&x);
}

static void test_a_limit_excuses_its_layer(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, "linux,host=sim-linux,host_page=16384", LINUX_SIM,
             MAP("@0x40000", "PROT_READ|PROT_WRITE") "mprotect(@0x41000, 0x1000, PROT_READ)\n"
                                                     "store(@0x41000, 1, 0x5a)\n"
                                                     "load(@0x41000, 1)\nload(@0x42000, 1)\n");
    assert_true(alike(&x, 0));
    assert_int_equal(x.seen[COMPARE_EXCUSED], 1);
    assert_int_equal(x.result.limits, 0); /* of the last step */
    step(&x.a, 2)->step.excused = 0;
    assert_false(alike(&x, 0));
    assert_int_equal(x.bad, 2);
    close_bed(&x);
}

static void test_what_came_apart_is_alike_when_mapped_anew(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, LINUX_SIM, BSD_SIM,
             MAP("@0x40000", "PROT_READ|PROT_WRITE") /* and again without the read right: */
             "mmap(@0x40000, 0x4000, PROT_READ, MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
             "load(@0x40000, 1)\n" MAP("@0x40000", "PROT_READ|PROT_WRITE") "load(@0x40000, 1)\n");
    assert_true(alike(&x, 0));
    step(&x.b, 4)->step.outcome.value = 1;
    assert_false(alike(&x, 0));
    assert_int_equal(x.bad, 4);
    close_bed(&x);
}

static void test_processes_are_compared_each_by_itself(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, LINUX_SIM, BSD_SIM,
             "r0 = mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
             "fork()\nmunmap(r0, 0x1000)\nr1 = mmap(NULL, 0x4000, PROT_READ, "
             "MAP_SHARED|MAP_ANONYMOUS, -1, 0)\nload(r1, 1)\nwait()\nstore(r0, 1, 3)\n"
             "r2 = mmap(NULL, 0x2000, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\nload(r0, 1)\n");
    assert_true(alike(&x, 0));
    assert_int_equal(x.seen[COMPARE_SAME], 9);
    close_bed(&x);
}

/* A flag that one architecture lacks: not run there, and nothing is known behind it. */
static void test_what_one_cannot_say_is_not_compared(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, "model-linux", "model-linux", MAP("@0x40000", "PROT_READ") "load(@0x40000, 1)\n");
    step(&x.b, 0)->step.outcome = (struct outcome){.kind = OUTCOME_SKIPPED};
    step(&x.b, 0)->regions.n = 0;
    step(&x.b, 1)->step.outcome = (struct outcome){.kind = OUTCOME_SIGNAL, .signal = 11};
    assert_true(alike(&x, 0));
    assert_int_equal(x.seen[COMPARE_POISONED], 2);
    close_bed(&x);
}

/* Which call of the host fails is another one in each layer. */
static void test_behind_a_fault_nothing_is_compared(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, LINUX_SIM, BSD_SIM,
             MAP("@0x40000", "PROT_READ") "host_fail(1, ENOMEM)\n" MAP("@0x80000", "PROT_READ"));
    assert_true(alike(&x, 0));
    assert_int_equal(x.seen[COMPARE_POISONED], 1);
    assert_null(peers_begin(x.peers, &x.prog, &x.a, &x.b, 0));
    assert_int_equal(peers_step(x.peers, 1, &x.result), 0);
    assert_int_equal(x.result.poison, RECORD_FAULT);
    close_bed(&x);
    open_bed(&x, "model-linux", "model-linux", "host_fail(1, ENOMEM)\nload(@0x40000, 1)\n");
    assert_true(alike(&x, 0));
    assert_int_equal(x.seen[COMPARE_POISONED], 0);
    close_bed(&x);
}

static void test_other_pages_cannot_be_compared(void **state)
{
    struct bed x;

    (void)state;
    open_bed(&x, "model-linux", "model-linux,guest_page=16384", "load(@0x40000, 1)\n");
    assert_non_null(peers_begin(x.peers, &x.prog, &x.a, &x.b, 0));
    close_bed(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_placed_maps_may_lie_anywhere),
        cmocka_unit_test(test_a_false_outcome_is_found),
        cmocka_unit_test(test_a_false_mapping_is_found),
        cmocka_unit_test(test_a_missing_step_is_found),
        cmocka_unit_test(test_a_rule_excuses_what_it_says),
        cmocka_unit_test(test_no_rule_excuses_lost_bytes),
        cmocka_unit_test(test_a_limit_excuses_its_layer),
        cmocka_unit_test(test_what_came_apart_is_alike_when_mapped_anew),
        cmocka_unit_test(test_processes_are_compared_each_by_itself),
        cmocka_unit_test(test_what_one_cannot_say_is_not_compared),
        cmocka_unit_test(test_behind_a_fault_nothing_is_compared),
        cmocka_unit_test(test_other_pages_cannot_be_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
