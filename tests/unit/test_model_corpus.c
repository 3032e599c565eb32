/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The corpus on the executable kernels: what programs expect of a layer is what their system's
 * kernel does, but for the documented limits of layers and what a layer is free to choose.
 * Programs where the two differ are named here, each with the reason, and must differ.
 */
#include <glob.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_bed.h"
#include "op/codec.h"
#include "op/text.h"
#include "trace/trace.h"

/* Programs in which a layer and a kernel part, in how many ops, and why. */
static const struct {
    const char *name;
    unsigned ops;
    const char *why;
} differs[] = {
    {"frag-file-eof.tm", 1, "limit frag-past-eof-zero: a copy has no end of file"},
    {"frag-large-host-page.tm", 1, "limit subpage-prot: rights of neighbours in one host page"},
    {"frag-mixed-refused.tm", 1, "limit mixed-backing-refused"},
    {"frag-shared-read-only.tm", 1, "limit shared-ro-snapshot: a copy never gets W"},
    {"frag-shared-write-refused.tm", 2, "limit shared-frag-refused"},
    {"frag-checks.tm", 2, "limit shared-frag-refused"},
    {"frag-guard-stack.tm", 2, "limit stack-plain: no guard within the range"},
    {"rights-at-most-of-an-empty-range-freebsd.tm", 1, "limit prot-max-unenforced"},
    {"placed-rounds-to-zero.tm", 1, "limit host-page-room: FreeBSD has room from page 1 on"},
};

struct corpus {
    struct model_bed bed;
    bool follow; /* the program is right: what it expects has happened */
    size_t programs, ops, judged, followed;
    struct buf wrong; /* programs that differ and are not named */
    bool seen[ARRAY_LEN(differs)];
};

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Whether the program means anything on SYSTEM; the sizes of host pages are nothing to a kernel. */
static bool wanted(const struct prog *p, enum abi_system system)
{
    for (size_t i = 0; i < p->requires.n; i++) {
        uint8_t kind = p->requires.v[i].kind;

        if ((kind == REQUIRE_LINUX && system != ABI_LINUX) ||
            (kind == REQUIRE_FREEBSD && system != ABI_FREEBSD)) {
            return false;
        }
    }
    return true;
}

static struct outcome as_outcome(const struct model_outcome *o)
{
    static const uint8_t kinds[] = {
        [MODEL_OK] = OUTCOME_OK, [MODEL_FAIL] = OUTCOME_FAIL, [MODEL_SIGNAL] = OUTCOME_SIGNAL};

    return (struct outcome){.kind = kinds[o->kind],
                            .mixed = o->mixed,
                            .err = o->err,
                            .signal = o->signal,
                            .value = o->value};
}

/* What a call that fails for want of host memory leaves: nothing. */
static bool host_failed(const struct prog *p, size_t at)
{
    uint8_t expected = p->ops.v[at].expect.kind;

    return at > 0 && p->ops.v[at - 1].kind == OP_host_fail &&
           (expected == EXPECT_FAIL || expected == EXPECT_ERRNO);
}

/* The outcome that OP expects; false if it leaves open which. */
static bool expected_outcome(const struct op *op, uint64_t value, struct model_outcome *ret)
{
    enum op_result result = op_descs[op->kind].result;

    switch ((enum expect_kind)op->expect.kind) {
    case EXPECT_OK:
        *ret = (struct model_outcome){.kind = MODEL_OK};
        return result == OP_RESULT_ZERO;
    case EXPECT_VALUE:
        *ret = (struct model_outcome){.kind = MODEL_OK, .value = value};
        return true;
    case EXPECT_ERRNO:
        *ret = (struct model_outcome){.kind = MODEL_FAIL, .err = op->expect.err};
        return true;
    case EXPECT_SIGSEGV:
    case EXPECT_SIGBUS:
        *ret = (struct model_outcome){
            .kind = MODEL_SIGNAL, .signal = op->expect.kind == EXPECT_SIGBUS ? SIGBUS : SIGSEGV};
        return true;
    default:
        return false;
    }
}

/*
 * Op AT as SEEN; what is not allowed has happened all the same. True if it was a step. What the
 * model takes is in RET.
 */
static bool step_seen(struct model_bed *b, size_t at, const struct model_outcome *seen,
                      struct model_verdict *ret)
{
    const struct op *op = &b->prog.ops.v[at];
    struct op_args args;

    if (!bed_args(b, at, &args)) {
        return false;
    }
    assert_int_equal(model_step(b->m, op, &args, seen, ret), 0);
    if (!ret->allowed) {
        assert_int_equal(model_force(b->m, op, &args, seen), 0);
    }
    op_results_put(&b->results, op, seen->kind == MODEL_OK, seen->value);
    return true;
}

/*
 * True if op AT differs. If C->follow, what the program expects is fed to the model; else the model
 * does what it does, except that where it may choose a place the program's is fed to it.
 */
static bool run_op(struct corpus *c, size_t at, struct model_verdict *v)
{
    struct model_bed *b = &c->bed;
    const struct op *op = &b->prog.ops.v[at];
    bool place = op->expect.kind == EXPECT_VALUE && op_descs[op->kind].result == OP_RESULT_ADDR;
    struct model_outcome seen;
    struct outcome o;
    uint64_t expected = 0;

    if (host_failed(&b->prog, at)) {
        op_results_put(&b->results, op, false, 0);
        return false;
    }
    op_resolve_value(&b->how, &op->expect.value, &b->results, &expected);
    if (expected_outcome(op, expected, &seen) && (c->follow || place)) {
        c->followed++;
        return step_seen(b, at, &seen, v) && !v->allowed;
    }
    if (!bed_step(b, at, NULL, v)) {
        return false;
    }
    c->ops++;
    c->judged += op->expect.kind != EXPECT_NONE;
    o = as_outcome(&v->took);
    return outcome_mismatch(&o, &op->expect, expected, (enum op_kind)op->kind) != NULL;
}

static void tell(const struct prog *p, const char *path, enum abi_system system, size_t at,
                 const struct model_verdict *v, struct buf *out)
{
    const struct op *op = &p->ops.v[at];

    buf_fmt(out, "%s on %s, op %zu: ", file_name(path), abi_system_name(system), at);
    op_print(op, out);
    expect_print(&op->expect, (enum op_kind)op->kind, out);
    buf_str(out, "; the kernel: ");
    model_print_allowed(v, (enum op_kind)op->kind, out);
    buf_str(out, "\n");
}

/*
 * PATH on SYSTEM: the number of ops that differ, told in WHAT. Without C->follow the first one is
 * the last that means anything.
 */
static unsigned run_program(struct corpus *c, const char *path, enum abi_system system,
                            struct buf *what)
{
    struct model_bed *b = &c->bed;
    struct err e = {""};
    unsigned n = 0;

    if (prog_load(&b->prog, path, PROG_FORMAT_AUTO, &e) < 0) {
        fail_msg("%s", e.text);
    }
    if (!wanted(&b->prog, system)) {
        return 0;
    }
    c->programs++;
    bed_begin(b, system);
    for (size_t i = 0; i < b->prog.ops.n && (n == 0 || c->follow); i++) {
        struct model_verdict v = {0};

        if (run_op(c, i, &v)) {
            tell(&b->prog, path, system, i, &v, what);
            n++;
        }
    }
    return n;
}

static void check_program(struct corpus *c, const char *path, enum abi_system system)
{
    struct buf what = BUF_INIT;
    unsigned n = run_program(c, path, system, &what);
    bool named = false;

    for (size_t i = 0; i < ARRAY_LEN(differs); i++) {
        if (strcmp(differs[i].name, file_name(path)) == 0 && n > 0) {
            c->seen[i] = true;
            named = !c->follow || n == differs[i].ops;
        }
    }
    if (n > 0 && !named) {
        buf_str(&c->wrong, buf_text(&what));
    }
    buf_free(&what);
}

static void walk(struct corpus *c, const char *folder, enum abi_system system)
{
    const char *root = getenv("TWINMAP_SOURCE_ROOT");
    struct buf pattern = BUF_INIT;
    glob_t found;

    buf_fmt(&pattern, "%s/corpus/%s/*.tm", root ? root : ".", folder);
    assert_int_equal(glob(buf_text(&pattern), 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        check_program(c, found.gl_pathv[i], system);
    }
    globfree(&found);
    buf_free(&pattern);
}

static void run_corpus(bool follow)
{
    static const struct {
        const char *folder;
        bool on[ABI_SYSTEM_COUNT];
    } folders[] = {{"vectors/common", {true, true}},   {"vectors/linux", {true, false}},
                   {"vectors/freebsd", {false, true}}, {"real", {true, false}},
                   {"regress", {true, true}},          {"seed", {true, true}}};
    struct corpus c = {.follow = follow};

    bed_open(&c.bed);
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        for (unsigned s = 0; s < ABI_SYSTEM_COUNT; s++) {
            if (folders[i].on[s]) {
                walk(&c, folders[i].folder, (enum abi_system)s);
            }
        }
    }
    bed_close(&c.bed);
    for (size_t i = 0; i < ARRAY_LEN(differs); i++) {
        if (!c.seen[i]) {
            buf_fmt(&c.wrong, "%s does not differ any more (%s)\n", differs[i].name,
                    differs[i].why);
        }
    }
    print_message("# %zu programs, %zu steps, %zu of them with an expectation, %zu were fed\n",
                  c.programs, c.ops + c.followed, c.judged, c.followed);
    if (c.wrong.len > 0) {
        fputs(buf_text(&c.wrong), stderr); /* longer than what cmocka prints */
    }
    assert_int_equal(c.wrong.len, 0);
    assert_true(c.programs > 300);
    buf_free(&c.wrong);
}

static void test_by_itself(void **state)
{
    (void)state;
    run_corpus(false);
}

static void test_following(void **state)
{
    (void)state;
    run_corpus(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_itself),
        cmocka_unit_test(test_following),
    };

    return cmocka_run_group_tests_name("model_corpus", tests, NULL, NULL);
}
