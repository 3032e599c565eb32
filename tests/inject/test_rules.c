/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each rule is needed: its program of corpus/divergences holds with it, is excused by it, and is a
 * finding without it, on a pair of targets where it applies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/int.h"
#include "diff/diff_set.h"
#include "exec/kernel.h"
#include "op/text.h"

struct pair {
    const char *a, *b;
};

static const struct pair pairs[] = {
    {"linux,host=sim-linux", "bsd,host=sim-freebsd"},
    {"model-linux", "model-freebsd"},
    {"linux,host=sim-linux", "model-freebsd"},
    {"linux,host=sim-linux", "linux,host=sim-linux,host_page=16384"},
    {"linux,host=sim-linux,reserved=0x10000000", "linux,host=sim-linux,reserved=0x20000000"},
    {"linux,host=sim-linux", KERNEL_NAME},
    {KERNEL_NAME, "qemu-x86_64"},
};

static void load(struct prog *p, const char *name)
{
    struct buf path = BUF_INIT;
    struct buf text = BUF_INIT;
    struct err e = {""};

    buf_fmt(&path, "%s/corpus/divergences/rule-%s.tm", getenv("TWINMAP_SOURCE"), name);
    if (buf_read_file(&text, buf_text(&path), &e) < 0 ||
        prog_parse(p, buf_text(&path), text.data, text.len, &e) < 0) {
        fail_msg("%s", e.text);
    }
    buf_free(&path);
    buf_free(&text);
}

static void open_set(struct diff_set *d, const struct pair *pair)
{
    const struct run_options o = RUN_OPTIONS_DEFAULT;
    struct target_spec specs[2];
    struct err e = {""};

    *d = (struct diff_set){0};
    if (target_parse(&specs[0], pair->a, &e) < 0 || target_parse(&specs[1], pair->b, &e) < 0 ||
        diff_set_open(d, specs, 2, &o, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

/* Whether P is a finding on D. */
static bool is_finding(struct diff_set *d, const struct prog *p)
{
    struct err e = {""};
    int rc = diff_set_run(d, p, &e);

    if (rc < 0) {
        fail_msg("%s", e.text);
    }
    return rc == 1;
}

static bool proved(struct diff_set *d, const struct prog *p, enum rule_id id)
{
    uint64_t before = d->counts.rules[id];

    d->rules_off = 0;
    if (is_finding(d, p) || d->counts.rules[id] == before) {
        return false;
    }
    d->rules_off = rule_bit(id);
    return is_finding(d, p) && !d->own;
}

/* Which target is needed, if it is not always there: only that shows what the rule is about. */
static const char *needs(enum rule_id id)
{
    return id == RULE_ID_FAILURE_KEEPS || id == RULE_ID_COMMIT ? KERNEL_NAME
           : rule_descs[id].between == RULE_EMULATORS          ? "qemu-x86_64"
                                                               : NULL;
}

static bool is_target_here(const char *name)
{
    struct target_spec spec;
    struct err e;

    return target_parse(&spec, name, &e) == 0 && target_available(&spec, &e);
}

/* An emulator's rules are proved beside the kernel. */
static bool can_be_proved(enum rule_id id)
{
    return !needs(id) || (is_target_here(needs(id)) && is_target_here(KERNEL_NAME));
}

static bool is_here(const struct pair *pair)
{
    return is_target_here(pair->a) && is_target_here(pair->b);
}

static void test_each_rule_is_needed(void **state)
{
    bool found[RULE_COUNT] = {false};
    unsigned missing = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct diff_set d;

        if (!is_here(&pairs[i])) {
            continue;
        }
        open_set(&d, &pairs[i]);
        for (unsigned id = 0; id < RULE_COUNT; id++) {
            struct prog p = PROG_INIT;

            load(&p, rule_descs[id].name);
            found[id] = found[id] || proved(&d, &p, (enum rule_id)id);
            prog_free(&p);
        }
        diff_set_close(&d);
    }
    for (unsigned id = 0; id < RULE_COUNT; id++) {
        if (!found[id] && can_be_proved((enum rule_id)id)) {
            print_error("no pair of targets needs %s\n", rule_descs[id].name);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

static void test_rules_say_why(void **state)
{
    (void)state;
    for (unsigned id = 0; id < RULE_COUNT; id++) {
        const struct rule_desc *r = &rule_descs[id];

        assert_int_equal(rule_find(r->name), id);
        assert_true(r->scope[0] && r->source[0] && r->reason[0]);
        assert_true(r->between & (RULE_SYSTEMS | RULE_PLACERS | RULE_LAYERS | RULE_EMULATORS));
    }
    assert_int_equal(rule_find("nothing"), RULE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rule_is_needed),
        cmocka_unit_test(test_rules_say_why),
    };

    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
