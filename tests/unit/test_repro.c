/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff/repro, diff/witness: what models showed of the programs in tests/data/repro, as text and as
 * C, against the files there (TEST_REWRITE=1 writes them anew); what is said of steps that a record
 * says nothing about; ops that look at a bad page.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "exec/recorder.h"
#include "op/codec.h"
#include "op/text.h"
#include "repro.h"
#include "witness.h"

struct bed {
    struct prog prog;
    struct record record;
    struct buf text;
    struct err e;
};

static void record_on(struct bed *b, const char *target)
{
    struct target_spec spec;
    struct recorder *r = NULL;

    if (target_parse(&spec, target, &b->e) < 0 || recorder_open(&r, &spec, &b->e) < 0 ||
        recorder_record(r, &b->prog, &b->record, &b->e) < 0) {
        fail_msg("%s", b->e.text);
    }
    recorder_close(r);
    assert_false(b->record.skipped);
}

static void parse(struct bed *b, const char *text)
{
    *b = (struct bed){.prog = PROG_INIT};
    if (prog_parse(&b->prog, "program", text, strlen(text), &b->e) < 0) {
        fail_msg("%s", b->e.text);
    }
}

static void end(struct bed *b)
{
    prog_free(&b->prog);
    record_free(&b->record);
    buf_free(&b->text);
}

static const char *as_text(struct bed *b)
{
    const struct repro r = {.prog = &b->prog, .record = &b->record};

    buf_clear(&b->text);
    assert_int_equal(repro_text(&r, &b->text), 0);
    return buf_text(&b->text);
}

static const char *as_c(struct bed *b)
{
    const struct repro r = {.prog = &b->prog, .record = &b->record};

    buf_clear(&b->text);
    assert_int_equal(repro_c(&r, &b->text, &b->e), 0);
    return buf_text(&b->text);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("'%s' is not in:\n%s", part, text);
    }
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part)) {
        fail_msg("'%s' is in:\n%s", part, text);
    }
}

static void data_path(const char *name, const char *suffix, struct buf *path)
{
    const char *root = getenv("TWINMAP_SOURCE_ROOT");

    assert_non_null(root);
    buf_clear(path);
    buf_fmt(path, "%s/tests/data/repro/%s%s", root, name, suffix);
}

static void assert_golden(struct bed *b, const char *name, const char *suffix)
{
    struct buf path = BUF_INIT;
    struct buf want = BUF_INIT;

    data_path(name, suffix, &path);
    if (getenv("TEST_REWRITE")) {
        assert_int_equal(buf_write_file(&b->text, buf_text(&path), &b->e), 0);
    } else {
        if (buf_read_file(&want, buf_text(&path), &b->e) < 0) {
            fail_msg("%s", b->e.text);
        }
        assert_string_equal(buf_text(&b->text), buf_text(&want));
    }
    buf_free(&path);
    buf_free(&want);
}

static void check_golden(const char *name, const char *target)
{
    struct bed b = {.prog = PROG_INIT};
    const struct repro r = {
        .prog = &b.prog, .record = &b.record, .title = "the first line\nthe second */ line"};
    struct buf path = BUF_INIT;

    data_path(name, ".tm", &path);
    if (prog_load(&b.prog, buf_text(&path), PROG_FORMAT_TEXT, &b.e) < 0) {
        fail_msg("%s", b.e.text);
    }
    record_on(&b, target);
    assert_int_equal(repro_text(&r, &b.text), 0);
    assert_golden(&b, name, ".text.txt");
    buf_clear(&b.text);
    assert_int_equal(repro_c(&r, &b.text, &b.e), 0);
    assert_golden(&b, name, ".c.txt");
    buf_free(&path);
    end(&b);
}

static void test_programs_as_text_and_as_c(void **state)
{
    (void)state;
    check_golden("plain", "model-linux");
    check_golden("room", "model-linux");
    check_golden("odd", "model-linux");
    check_golden("narrow", "model-linux");
    check_golden("freebsd", "model-freebsd");
}

static struct record_step *step(struct bed *b, size_t op)
{
    for (size_t i = 0; i < b->record.steps.n; i++) {
        struct record_step *s = &b->record.steps.v[i];

        if (s->what == RECORD_OP && s->step.op == op) {
            return s;
        }
    }
    fail_msg("the record has no step of op %zu", op);
    return NULL;
}

#define MAP \
    "r0 = mmap(@0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, " \
    "0)\n"

static void test_steps_that_say_nothing(void **state)
{
    struct bed b;

    (void)state;
    parse(&b, MAP "load(r0, 1)\nload(r0, 2)\nmunmap(r0, 0x1000)\nload(r0, 3)\n");
    record_on(&b, "model-linux");
    step(&b, 1)->poison = RECORD_UNDEFINED;
    step(&b, 2)->poison = RECORD_FOREIGN;
    step(&b, 2)->step.outcome.kind = OUTCOME_SKIPPED;
    step(&b, 3)->step.outcome.kind = OUTCOME_CRASH;
    b.record.steps.n = (size_t)(step(&b, 3) - b.record.steps.v) + 1;
    as_text(&b);
    assert_has(b.text.data, "load(r0, 1) # nothing expected: nobody can say");
    assert_has(b.text.data, "load(r0, 2) # not run: the op would have reached memory");
    assert_has(b.text.data, "munmap(r0, 0x1000) # not run: it ended the process");
    assert_has(b.text.data, "load(r0, 3) # not run: the record ends before it");
    as_c(&b);
    assert_has(b.text.data, "/* nothing is expected: nobody can say what the step should show */");
    assert_has(b.text.data, "(void)go_over(r0, 1, -1);");
    assert_has(b.text.data, "/* step 3, load(r0, 2), is left out: the op would have reached");
    assert_lacks(b.text.data, "munmap(r0, 0x1000));");
    end(&b);
}

static void test_a_program_keeps_its_word(void **state)
{
    struct bed b;
    struct repro r = {.prog = &b.prog, .record = &b.record};

    (void)state;
    parse(&b, MAP "load(r0, 1) = ok\nload(r0, 2) = 7\nmunmap(r0, 0x1000) = -1\n");
    record_on(&b, "model-linux");
    assert_int_equal(repro_contradiction(&r), 2);
    as_text(&b);
    assert_has(b.text.data, "load(r0, 1) = ok\n");
    assert_has(b.text.data, "load(r0, 2) = 7 # the record has 0x0\n");
    assert_has(b.text.data, "munmap(r0, 0x1000) = -1 # the record has 0\n");
    assert_has(as_c(&b), "fails(munmap(r0, 0x1000), 0);");
    end(&b);
}

/* Pages that were freed may lose their bytes any time. */
static void test_freed_bytes_are_not_expected(void **state)
{
    struct bed b;

    (void)state;
    parse(&b, MAP "store(r0, 0x2000, 7)\nmadvise(r0, 0x1000, MADV_FREE)\nload(r0, 1)\n"
                  "load(r0+0x1000, 1)\n");
    record_on(&b, "model-linux");
    as_text(&b);
    assert_has(b.text.data, "load(r0, 1) = ok\n");
    assert_has(b.text.data, "load(r0+0x1000, 1) = 7\n");
    end(&b);
}

static void test_what_c_cannot_say(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {MAP "exec(r0)\n", "op 2, exec"},
        {"host_fail(1, ENOMEM)\n" MAP, "op 1, host_fail"},
        {"mmap(NULL, 0x200000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0)\n"
         "mmap(NULL, 0x8000000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0)\n",
         "op 2, mmap: the op would have taken too much memory"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct repro r;
        struct bed b;

        parse(&b, rows[i].text);
        record_on(&b, "model-linux");
        r = (struct repro){.prog = &b.prog, .record = &b.record};
        assert_int_equal(repro_c(&r, &b.text, &b.e), -ENOTSUP);
        assert_has(b.e.text, rows[i].why);
        end(&b);
    }
}

/* What the address space of a model refuses says nothing of another one. */
static void test_the_end_of_a_model_is_no_process_s(void **state)
{
    struct bed b;

    (void)state;
    parse(&b, "munmap(@0x3fffffff000, 0x2000)\nmunmap(@0x3fffffff000, 0x1000)\n");
    record_on(&b, "model-linux");
    as_c(&b);
    assert_has(b.text.data, "is left out: it reaches beyond the address space of the record */");
    assert_has(b.text.data, "succeeds(munmap(at(0x3fffffff000), 0x1000));");
    end(&b);
}

static void add_witness(struct bed *b, struct witness w, size_t *first)
{
    w.page = 4096;
    w.seen = &b->record;
    assert_int_equal(witness_add(&b->prog, &w, first), 0);
    assert_int_equal(prog_check(&b->prog, &b->e), 0);
    buf_clear(&b->text);
    prog_print(&b->prog, &b->text);
}

static void test_a_bad_page_is_looked_at(void **state)
{
    struct bed b;
    size_t first;

    (void)state;
    parse(&b, MAP "munmap(r0, 0x1000)\nmsync(r0, 0x1000, 0)\n");
    record_on(&b, "model-linux");
    add_witness(&b, (struct witness){.bad_op = 1, .has_where = true, .where = {0x11010, 0x11fff}},
                &first);
    assert_int_equal(first, 2);
    assert_lacks(b.text.data, "msync(r0, 0x1000, 0)");
    assert_has(b.text.data, "load(@0x11010, 1)\nload(@0x11000, 4096)\n");
    assert_has(b.text.data, "mprotect(@0x11000, 0x1000, PROT_READ|PROT_WRITE)\n");
    assert_has(b.text.data, "fork()\nstore(@0x11010, 1, 0xd8)\nwait()\nload(@0x11010, 1)\n");
    assert_lacks(b.text.data, "exec");
    end(&b);
}

/* Where the system placed a map is another address on every target. */
static void test_a_placed_page_is_looked_at_by_its_result(void **state)
{
    struct bed b;
    struct witness w = {.has_where = true, .code = true};
    uint64_t at;
    size_t first;

    (void)state;
    parse(&b, "mmap(NULL, 0x4000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n");
    record_on(&b, "model-linux");
    at = step(&b, 0)->step.outcome.value;
    w.where = (struct range){at + 0x1000, at + 0x3fff};
    add_witness(&b, w, &first);
    assert_has(b.text.data, "r0 = mmap(NULL");
    assert_has(b.text.data, "load(r0+0x1000, 1)\nload(r0+0x1000, 4096)\n");
    assert_has(b.text.data, "load(r0+0x3fff, 1)\nload(r0+0x3000, 4096)\n");
    assert_has(b.text.data, "exec(r0+0x1000)\n");
    end(&b);
}

static void test_nothing_to_look_at(void **state)
{
    struct bed b;
    size_t first;

    (void)state;
    parse(&b, MAP "munmap(r0, 0x1000)\n");
    record_on(&b, "model-linux");
    add_witness(&b, (struct witness){.bad_op = 2}, &first);
    assert_int_equal(first, 2);
    assert_int_equal(b.prog.ops.n, 2);
    end(&b);
}

/* Only looks that tell bad from good stay, with what they need. */
static void test_looks_that_tell_stay(void **state)
{
    struct record bad = RECORD_INIT;
    struct bed b;
    size_t first;

    (void)state;
    parse(&b, MAP "munmap(r0, 0x1000)\n");
    record_on(&b, "model-linux");
    add_witness(&b, (struct witness){.bad_op = 1, .has_where = true, .where = {0x11000, 0x11fff}},
                &first);
    record_on(&b, "model-linux");
    assert_int_equal(record_copy(&bad, &b.record), 0);
    assert_false(witness_shows(&b.prog, &b.record, &bad));
    step(&b, 7)->step.outcome = (struct outcome){.kind = OUTCOME_SIGNAL, .signal = 11};
    assert_true(witness_shows(&b.prog, &b.record, &bad));
    witness_prune(&b.prog, first, &b.record, &bad);
    buf_clear(&b.text);
    prog_print(&b.prog, &b.text);
    assert_has(b.text.data, "munmap(r0, 0x1000)\n"
                            "mprotect(@0x11000, 0x1000, PROT_READ|PROT_WRITE)\n"
                            "load(@0x11000, 1)\n");
    assert_int_equal(b.prog.ops.n, 4);
    record_free(&bad);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs_as_text_and_as_c),
        cmocka_unit_test(test_steps_that_say_nothing),
        cmocka_unit_test(test_a_program_keeps_its_word),
        cmocka_unit_test(test_freed_bytes_are_not_expected),
        cmocka_unit_test(test_what_c_cannot_say),
        cmocka_unit_test(test_the_end_of_a_model_is_no_process_s),
        cmocka_unit_test(test_a_bad_page_is_looked_at),
        cmocka_unit_test(test_a_placed_page_is_looked_at_by_its_result),
        cmocka_unit_test(test_nothing_to_look_at),
        cmocka_unit_test(test_looks_that_tell_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
