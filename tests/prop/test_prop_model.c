/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generated programs on the executable kernels of both systems: what a model does of its own accord
 * it allows when it sees it, with the same end; an outcome that was falsified is mostly not
 * allowed, and changes nothing then; following it by force, or by books, leaves sound books.
 * TEST_SEED and TEST_PROGRAMS choose where it begins and how long it goes on.
 */
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

#include "../unit/model_bed.h"
#include "op/gen.h"
#include "op/text.h"

enum { PROGRAMS = 6000, OPS_MAX = 40 };

struct shown {
    bool step;
    struct model_outcome o;
};

struct twice {
    struct model_bed a, b;
    struct shown shown[PROG_OPS_MAX];
    struct buf end_a, end_b;
    uint64_t seed;
    size_t steps, lies, caught, skipped, too_large;
    uint64_t kinds[OP_KIND_COUNT];
};

static uint64_t env_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void tell(const struct twice *t, const char *what, size_t at)
{
    struct buf text = BUF_INIT;

    prog_print(&t->a.prog, &text);
    fputs(buf_text(&text), stderr); /* longer than what cmocka prints */
    fail_msg("seed %" PRIu64 ", op %zu: %s", t->seed, at, what);
}

static void same_state(struct twice *t, size_t at, const char *what)
{
    buf_clear(&t->end_a);
    buf_clear(&t->end_b);
    bed_state(&t->a, &t->end_a);
    bed_state(&t->b, &t->end_b);
    if (t->end_a.len != t->end_b.len ||
        (t->end_a.len && memcmp(t->end_a.data, t->end_b.data, t->end_a.len) != 0)) {
        fprintf(stderr, "%s\nagainst\n%s\n", buf_text(&t->end_a), buf_text(&t->end_b));
        tell(t, what, at);
    }
}

static void generate(struct twice *t, enum abi_system system)
{
    struct gen_options options = {
        .system = system, .ops_max = OPS_MAX, .host_fail = false, .fork = true};
    struct prng rng;

    prng_seed(&rng, t->seed);
    assert_int_equal(gen_prog(&t->a.prog, &rng, &options), 0);
    assert_int_equal(prog_copy(&t->b.prog, &t->a.prog), 0);
}

/* T->a runs free, T->b sees what came of it. */
static void run_both(struct twice *t, enum abi_system system)
{
    struct model_verdict v;

    bed_begin(&t->a, system);
    bed_begin(&t->b, system);
    for (size_t i = 0; i < t->a.prog.ops.n; i++) {
        struct shown *s = &t->shown[i];

        s->step = bed_step(&t->a, i, NULL, &v);
        s->o = v.took;
        t->skipped += !s->step;
        if (bed_step(&t->b, i, &s->o, &v) != s->step || (s->step && !v.allowed)) {
            tell(t, "the model does not allow what it did", i);
        }
        t->steps += s->step;
        t->kinds[t->a.prog.ops.v[i].kind] += s->step;
    }
    same_state(t, t->a.prog.ops.n, "two runs end in two states");
}

/* Something else than O for an op of KIND. */
static struct model_outcome lie(struct prng *rng, enum op_kind kind, const struct model_outcome *o)
{
    static const int errnos[] = {ABI_EPERM,  ABI_EBADF,  ABI_EFAULT,   ABI_EEXIST,
                                 ABI_EINVAL, ABI_ENODEV, ABI_EOVERFLOW};
    struct model_outcome l = *o;

    if (o->kind == MODEL_SIGNAL) {
        if (prng_chance(rng, 1, 2)) {
            l.signal = o->signal == SIGSEGV ? SIGBUS : SIGSEGV;
        } else {
            l = (struct model_outcome){.kind = MODEL_OK};
        }
    } else if (kind == OP_store || kind == OP_exec || prng_chance(rng, 1, 2)) {
        l = (struct model_outcome){.kind = MODEL_FAIL,
                                   .err = errnos[prng_below(rng, ARRAY_LEN(errnos))]};
        if (o->kind == MODEL_FAIL && o->err == l.err) {
            l.err = ABI_EIO;
        }
    } else if (o->kind == MODEL_FAIL) {
        l = (struct model_outcome){.kind = MODEL_OK};
    } else {
        l.value = kind == OP_load ? (uint8_t)(o->value + 1) : o->value + 0x800;
    }
    return l;
}

/* What the model has as books of a layer have it, some of it changed, and adopted. */
static void adopt(struct twice *t, struct prng *rng)
{
    struct model_bed *b = &t->b;
    struct range all = {0, b->setup.last};
    struct region_vec books = REGION_VEC_INIT;
    size_t n = 0;

    assert_int_equal(vm_regions(model_proc(b->m), all, &books), 0);
    for (size_t i = 0; i < books.n; i++) {
        struct region g = books.v[i];

        if (prng_chance(rng, 1, 5)) {
            continue;
        }
        if (prng_chance(rng, 1, 5) && g.kind != REGION_GUARD) {
            g.prot ^= REGION_W;
        }
        g.shared = vm_shared(model_proc(b->m), g.r.start);
        g.flags = PAGE_VALID | g.prot;
        books.v[n++] = g;
    }
    books.n = n;
    if (model_adopt(b->m, all, &books) < 0) {
        t->too_large++;
        region_vec_free(&books);
        return;
    }
    region_vec_clear(&b->regions);
    assert_int_equal(vm_regions(model_proc(b->m), all, &b->regions), 0);
    for (size_t i = 0; i < b->regions.n; i++) {
        b->regions.v[i].shared = vm_shared(model_proc(b->m), b->regions.v[i].r.start);
    }
    region_normalise(&books, REGION_MASK_PROT | REGION_MASK_SHARED);
    region_normalise(&b->regions, REGION_MASK_PROT | REGION_MASK_SHARED);
    if (region_diff(&books, &b->regions, all, REGION_MASK_PROT | REGION_MASK_SHARED,
                    &(struct region_difference){0})) {
        tell(t, "books that were adopted are others", b->prog.ops.n);
    }
    region_vec_free(&books);
}

/* B again, one outcome falsified, the model following, and on from there. */
static void run_lied_to(struct twice *t, enum abi_system system)
{
    struct model_verdict v;
    struct op_args args;
    struct prng rng;
    size_t at;

    prng_seed(&rng, t->seed + 1);
    at = prng_below(&rng, t->b.prog.ops.n);
    bed_begin(&t->a, system);
    bed_begin(&t->b, system);
    for (size_t i = 0; i < t->b.prog.ops.n; i++) {
        const struct op *op = &t->b.prog.ops.v[i];
        struct model_outcome l;

        if (i != at || !t->shown[i].step) {
            bed_step(&t->b, i, NULL, &v);
            if (i < at) {
                bed_step(&t->a, i, NULL, &v);
            }
            continue;
        }
        l = lie(&rng, (enum op_kind)op->kind, &t->shown[i].o);
        assert_true(bed_args(&t->b, i, &args));
        assert_int_equal(model_step(t->b.m, op, &args, &l, &v), 0);
        t->lies++;
        if (v.allowed) {
            continue;
        }
        t->caught++;
        same_state(t, i, "something was done that was not allowed");
        if (model_force(t->b.m, op, &args, &l) < 0) {
            t->too_large++; /* bytes that nobody knows take room */
            return;
        }
        op_results_put(&t->b.results, op, l.kind == MODEL_OK, l.value);
    }
    adopt(t, &rng);
    buf_clear(&t->end_b);
    bed_state(&t->b, &t->end_b);
}

static void run(enum abi_system system)
{
    uint64_t seed = env_number("TEST_SEED", 20251121);
    uint64_t n = env_number("TEST_PROGRAMS", PROGRAMS);
    struct twice *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    bed_open(&t->a);
    bed_open(&t->b);
    for (uint64_t i = 0; i < n; i++) {
        t->seed = seed + i * 2;
        generate(t, system);
        run_both(t, system);
        run_lied_to(t, system);
    }
    print_message("# %s: seed %" PRIu64 ", %" PRIu64 " programs, %zu steps (%zu ops were none), "
                  "%zu of %zu lies caught, %zu not followed\n",
                  abi_system_name(system), seed, n, t->steps, t->skipped, t->caught, t->lies,
                  t->too_large);
    assert_true(t->too_large * 100 <= n);
    for (unsigned k = 0; k < OP_KIND_COUNT && n >= PROGRAMS; k++) {
        bool step = k != OP_fork && k != OP_wait && k != OP_host_fail &&
                    (k != OP_mremap || system == ABI_LINUX);

        assert_int_equal(t->kinds[k] > 0, step);
    }
    assert_true(t->caught * 10 >= t->lies * 9);
    bed_close(&t->a);
    bed_close(&t->b);
    buf_free(&t->end_a);
    buf_free(&t->end_b);
    free(t);
}

static void test_linux(void **state)
{
    (void)state;
    run(ABI_LINUX);
}

static void test_freebsd(void **state)
{
    (void)state;
    run(ABI_FREEBSD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux),
        cmocka_unit_test(test_freebsd),
    };

    return cmocka_run_group_tests_name("prop_model", tests, NULL, NULL);
}
