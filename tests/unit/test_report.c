/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/exec/report: signatures, traces and reports of results made by hand, against the files in
 * tests/data/report. TEST_REWRITE=1 writes the files anew.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "exec/runner.h"
#include "op/text.h"

enum { STEPS_MAX = 16 };

struct made {
    struct prog prog;
    struct run_result result;
    struct trace_step steps[STEPS_MAX];
    struct buf text;
};

static void make(struct made *m, const char *text, enum run_verdict verdict)
{
    struct err e = {""};

    *m = (struct made){.prog = PROG_INIT, .result = RUN_RESULT_INIT};
    if (prog_parse(&m->prog, "made", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
    m->result.verdict = verdict;
    m->result.layer = "linux";
    m->result.config = m->prog.config;
    m->result.config.given = (1u << CONFIG_KEY_COUNT) - 1;
    m->result.steps = m->steps;
    m->result.space = (struct space){
        .bits = (unsigned)m->prog.config.value[CONFIG_BITS],
        .guest_page = m->prog.config.value[CONFIG_GUEST_PAGE],
        .host_page = config_effective_host_page(&m->prog.config),
        .real_page = 4096,
        .guest_base = 0x200000000000,
        .window_last = 0xffffffff,
    };
}

static struct trace_step *step(struct made *m, struct outcome o)
{
    size_t at = m->result.n_steps++;

    m->steps[at] = (struct trace_step){.op = at, .outcome = o, .args.file = -1};
    return &m->steps[at];
}

static void ok(struct made *m, uint64_t value)
{
    step(m, (struct outcome){.kind = OUTCOME_OK, .value = value});
}

static void region(struct region_vec *v, uint64_t start, uint64_t last, uint8_t flags)
{
    struct region g = {.r = {start, last}, .prot = flags & PAGE_BITS, .flags = flags};

    assert_int_equal(region_vec_push(v, g), 0);
}

static void done(struct made *m)
{
    run_result_free(&m->result);
    prog_free(&m->prog);
    buf_free(&m->text);
}

static void golden_path(const char *name, struct buf *path)
{
    const char *root = getenv("TWINMAP_SOURCE_ROOT");

    assert_non_null(root);
    buf_fmt(path, "%s/tests/data/report/%s", root, name);
}

/* M's text is that of file NAME; ends M. */
static void assert_golden(struct made *m, const char *name)
{
    struct buf path = BUF_INIT;
    struct buf want = BUF_INIT;
    struct err e = {""};

    golden_path(name, &path);
    assert_false(buf_failed(&m->text));
    if (getenv("TEST_REWRITE")) {
        assert_int_equal(buf_write_file(&m->text, buf_text(&path), &e), 0);
    } else {
        if (buf_read_file(&want, buf_text(&path), &e) < 0) {
            fail_msg("%s", e.text);
        }
        assert_string_equal(buf_text(&m->text), buf_text(&want));
    }
    buf_free(&path);
    buf_free(&want);
    done(m);
}

#define HEAD_GT "config guest_page=4096 host_page=16384 bits=32\n"
#define MAP \
    "r0 = mmap(@0x10000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, " \
    "0)\n"

/* munmap of one guest page took W from the host page that its neighbours still need. */
static void make_munmap(struct made *m)
{
    struct run_result *r = &m->result;

    make(m, HEAD_GT MAP "munmap(r0+0x1000, 0x1000)\nload(r0, 1)\nload(r0, 2)\n", RUN_FINDING);
    ok(m, 0x10000);
    ok(m, 0);
    m->steps[1].args.arg[0] = 0x11000;
    m->steps[1].args.arg[1] = 0x1000;
    r->violated = INV_HOST_AGREES_GT;
    r->bad_step = 1;
    r->has_range = true;
    r->where = (struct range){0x11000, 0x11fff};
    buf_str(&r->reason, "host page 0x10000 is r--, its guest pages need rw-");
    region(&r->flags_before, 0x10000, 0x13fff,
           PAGE_READ | PAGE_WRITE | PAGE_WRITE_ORG | PAGE_VALID);
    region(&r->flags_after, 0x10000, 0x10fff, PAGE_READ | PAGE_WRITE | PAGE_WRITE_ORG | PAGE_VALID);
    region(&r->flags_after, 0x12000, 0x13fff, PAGE_READ | PAGE_WRITE | PAGE_WRITE_ORG | PAGE_VALID);
    region(&r->host_after, 0x10000, 0x13fff, REGION_R);
    buf_str(&r->calls, "protect(0x10000, 0x4000, r--) = 0\n");
}

static void test_report_of_a_bad_page(void **state)
{
    struct made m;

    (void)state;
    make_munmap(&m);
    run_print_report(&m.prog, &m.result, "linux,host_page=16384", "corpus/regress/x.tm", &m.text);
    assert_golden(&m, "bad_page.txt");
}

static void test_report_of_a_crash_in_a_child(void **state)
{
    struct made m;

    (void)state;
    make(&m, MAP "fork()\nfork()\nmprotect(r0, 0x1000, 0x100)\nwait()\nwait()\n", RUN_FINDING);
    ok(&m, 0x10000);
    ok(&m, 0);
    ok(&m, 0);
    step(&m, (struct outcome){.kind = OUTCOME_CRASH, .signal = SIGABRT})->args.arg[0] = 0x10000;
    m.steps[3].args.arg[1] = 0x1000;
    m.result.violated = INV_NO_ABORT;
    m.result.bad_step = 3;
    buf_str(&m.result.reason, "mprotect ended by SIGABRT");
    run_print_report(&m.prog, &m.result, "linux", "FILE", &m.text);
    assert_golden(&m, "crash_in_child.txt");
}

/*
 * The configuration was moved to what the machine has: the command repeats it, but for what the
 * target says itself.
 */
static void test_report_of_an_adapted_configuration(void **state)
{
    struct made m;

    (void)state;
    make(&m,
         "config guest_base=0 bits=32 reserved=0x100000\nmunmap(@0x10000, 0x1000) = -1 ENOMEM\n",
         RUN_FINDING);
    ok(&m, 0);
    m.steps[0].args.arg[0] = 0x10000;
    m.steps[0].args.arg[1] = 0x1000;
    m.result.config.value[CONFIG_GUEST_BASE] = 1;
    m.result.config.value[CONFIG_RESERVED] = 0x200000;
    m.result.violated = INV_EXPECTATION;
    buf_str(&m.result.reason, "munmap: expected -1 ENOMEM, got 0");
    run_print_report(&m.prog, &m.result, "linux,reserved=0x200000", "x.tm", &m.text);
    assert_golden(&m, "adapted.txt");
}

static void test_report_without_steps(void **state)
{
    struct made m;

    (void)state;
    make(&m, MAP, RUN_FINDING);
    m.result.violated = INV_NO_ABORT;
    buf_str(&m.result.reason, "the layer's start was ended by signal 11 (Segmentation fault)");
    run_print_report(&m.prog, &m.result, "so:./own.so", "x.tm", &m.text);
    assert_golden(&m, "start.txt");
}

static void test_trace_of_every_outcome(void **state)
{
    struct made m;

    (void)state;
    make(&m,
         "file f0 size=100\nrequires linux\n" MAP
         "r1 = mremap(r0, 0x1000, 0x2000, MREMAP_MAYMOVE)\n"
         "fork()\nstore(r0, 1, 1)\nload(r0, 1)\nwait()\nmunmap(r1, 0x1000)\nload(r0, "
         "16)\nmsync(r0, 1, 0x4)\n",
         RUN_PASS);
    ok(&m, 0x10000);
    step(&m, (struct outcome){.kind = OUTCOME_FAIL, .err = ABI_ENOMEM, .value = UINT64_MAX});
    ok(&m, 0);
    ok(&m, 0);
    ok(&m, 0xab);
    ok(&m, 0);
    step(&m, (struct outcome){.kind = OUTCOME_SKIPPED});
    step(&m, (struct outcome){.kind = OUTCOME_OK, .mixed = true});
    step(&m, (struct outcome){.kind = OUTCOME_SIGNAL, .signal = SIGSEGV});
    m.result.n_skipped = 1;
    run_print_trace(&m.prog, &m.result, "linux", &m.text);
    assert_golden(&m, "trace.txt");
}

/* What a trace says is a program again, and what happened is what it expects. */
static void test_trace_is_a_program(void **state)
{
    struct prog again = PROG_INIT;
    struct err e = {""};
    struct made m;

    (void)state;
    make_munmap(&m);
    run_print_trace(&m.prog, &m.result, "linux", &m.text);
    if (prog_parse(&again, "trace", buf_text(&m.text), m.text.len, &e) < 0) {
        fail_msg("%s\n%s", e.text, buf_text(&m.text));
    }
    assert_int_equal(again.ops.n, 2);
    assert_int_equal(again.config.value[CONFIG_HOST_PAGE], 16384);
    assert_int_equal(again.ops.v[0].expect.kind, EXPECT_VALUE);
    assert_true(again.ops.v[0].expect.value.num == 0x10000);
    prog_free(&again);
    done(&m);
}

static void test_trace_of_a_skipped_program(void **state)
{
    struct made m;

    (void)state;
    make(&m, MAP, RUN_SKIP);
    buf_str(&m.result.reason, "requires freebsd");
    run_print_trace(&m.prog, &m.result, "linux", &m.text);
    assert_string_equal(buf_text(&m.text), "# skipped on linux: requires freebsd\n");
    done(&m);
}

static void assert_signature(struct made *m, const char *want)
{
    buf_clear(&m->text);
    run_signature(&m->prog, &m->result, &m->text);
    assert_string_equal(buf_text(&m->text), want);
}

static void test_signatures(void **state)
{
    struct made m;

    (void)state;
    make_munmap(&m);
    assert_signature(&m, "host-agrees-gt/munmap/mapped_to_free/h_gt_g/linux");
    m.result.layer = "bsd";
    m.result.flags_before.v[0].flags = PAGE_READ | PAGE_VALID | PAGE_WRITE_ORG;
    m.result.flags_before.v[0].prot = PAGE_READ;
    assert_signature(&m, "host-agrees-gt/munmap/mapped_to_free/h_gt_g/bsd");
    m.result.flags_before.v[0].kind = REGION_GUARD;
    assert_signature(&m, "host-agrees-gt/munmap/guard_to_mapped/h_gt_g/bsd");
    m.result.flags_before.n = 0;
    assert_signature(&m, "host-agrees-gt/munmap/free_to_mapped/h_gt_g/bsd");
    m.result.where = (struct range){0x12000, 0x12fff};
    m.result.flags_after.v[1].prot = 0;
    m.result.flags_after.v[1].flags = PAGE_VALID;
    assert_signature(&m, "host-agrees-gt/munmap/free_to_mapped/h_gt_g/bsd");
    m.result.has_range = false;
    m.result.violated = INV_ERRNO_SET;
    m.steps[1].outcome = (struct outcome){.kind = OUTCOME_FAIL};
    assert_signature(&m, "errno-set/munmap/no_errno/h_gt_g/bsd");
    m.steps[1].outcome = (struct outcome){.kind = OUTCOME_HANG};
    assert_signature(&m, "errno-set/munmap/hang/h_gt_g/bsd");
    m.steps[1].outcome = (struct outcome){.kind = OUTCOME_FAIL, .err = ABI_EFAULT};
    m.result.space.host_page = 4096;
    assert_signature(&m, "errno-set/munmap/EFAULT/h_eq_g/bsd");
    m.result.violated = INV_MODEL_OUTCOME;
    m.result.owed = ABI_EINVAL;
    assert_signature(&m, "model-outcome/munmap/EFAULT_not_EINVAL/h_eq_g/bsd");
    m.steps[1].outcome = (struct outcome){.kind = OUTCOME_OK};
    assert_signature(&m, "model-outcome/munmap/ok_not_EINVAL/h_eq_g/bsd");
    done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_of_a_bad_page),
        cmocka_unit_test(test_report_of_a_crash_in_a_child),
        cmocka_unit_test(test_report_of_an_adapted_configuration),
        cmocka_unit_test(test_report_without_steps),
        cmocka_unit_test(test_trace_of_every_outcome),
        cmocka_unit_test(test_trace_is_a_program),
        cmocka_unit_test(test_trace_of_a_skipped_program),
        cmocka_unit_test(test_signatures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
