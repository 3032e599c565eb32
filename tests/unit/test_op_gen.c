/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generator against its promises: everything is reached, programs are valid and dense, about
 * one argument set in ten is invalid, one seed is one program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/range.h"
#include "op/gen.h"

#define SEEDS 2000

static const uint32_t mapflag_values[][3] = {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) {neutral, linux_value, freebsd_value},
#include "abi/mapflag.def"
#undef MAPFLAG
};

static const int64_t advice_values[][3] = {
#define ADVICE(name, neutral, linux_value, freebsd_value) {neutral, linux_value, freebsd_value},
#include "abi/misc.def"
};

static struct gen_options all_options(enum abi_system system)
{
    return (struct gen_options){.system = system, .ops_max = 64, .host_fail = true, .fork = true};
}

static void gen_seed(struct prog *p, uint64_t seed, const struct gen_options *o)
{
    struct prng rng;
    struct err e = {""};

    prng_seed(&rng, seed);
    assert_int_equal(gen_prog(p, &rng, o), 0);
    if (prog_check(p, &e) < 0) {
        fail_msg("seed %llu: %s", (unsigned long long)seed, e.text);
    }
}

static uint64_t window_last(const struct prog *p)
{
    uint64_t reserved = p->config.value[CONFIG_RESERVED];

    return (reserved ? reserved : UINT64_C(1) << (p->config.value[CONFIG_BITS] == 32 ? 32 : 42)) -
           1;
}

/* A range no kernel takes; results count from anywhere. */
static bool range_invalid(const struct prog *p, const struct value *addr, uint64_t len)
{
    uint64_t last = window_last(p);
    uint64_t start = addr->base == VALUE_RESULT ? 0 : addr->num;

    return !u64_is_aligned(addr->num, p->config.value[CONFIG_GUEST_PAGE]) || len == 0 ||
           len - 1 > last || start > last || start + (len - 1) > last;
}

static bool mmap_invalid(const struct prog *p, const struct op *op, enum abi_system system)
{
    uint64_t flags = op->arg[3].num;
    uint64_t types = flags & (ABI_MAP_SHARED | ABI_MAP_PRIVATE);
    bool own_kind = system == ABI_FREEBSD && (flags & (ABI_MAP_GUARD | ABI_MAP_STACK));
    bool anon = own_kind || (flags & ABI_MAP_ANONYMOUS);
    bool fixed = flags & (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE);
    bool minus_one = op->arg[4].base == VALUE_NUM && op->arg[4].num == UINT64_MAX;
    uint64_t align = (flags & ABI_MAP_ALIGNED_MASK) >> ABI_MAP_ALIGNED_SHIFT;
    struct value nowhere = {0};

    return range_invalid(p, fixed ? &op->arg[0] : &nowhere, op->arg[1].num) ||
           (op->arg[2].num & ~UINT64_C(0x7000f)) || (flags >> ABI_MAP_RAW_SHIFT) ||
           (types == 0 && !own_kind) ||
           (system == ABI_FREEBSD && types == (ABI_MAP_SHARED | ABI_MAP_PRIVATE)) ||
           (!anon && op->arg[4].base != VALUE_FILE) ||
           (system == ABI_FREEBSD && anon && !minus_one) ||
           (system == ABI_FREEBSD && (flags & ABI_MAP_EXCL) && !fixed) ||
           !u64_is_aligned(op->arg[5].num, p->config.value[CONFIG_GUEST_PAGE]) ||
           op->arg[5].num >> 62 || (align > 1 && (align < 12 || align > 40));
}

static bool mremap_invalid(const struct prog *p, const struct op *op)
{
    uint64_t flags = op->arg[3].num;
    struct value from = op->arg[0];
    bool bad = flags > 7 || (flags && !(flags & ABI_MREMAP_MAYMOVE)) || op->arg[2].num == 0 ||
               range_invalid(p, &from, u64_max(op->arg[1].num, 1)) ||
               op->arg[2].num > window_last(p);

    if (flags & ABI_MREMAP_FIXED) {
        bad = bad || range_invalid(p, &op->arg[4], op->arg[2].num);
    }
    return bad;
}

static bool args_invalid(const struct prog *p, const struct op *op, enum abi_system system)
{
    switch (op->kind) {
    case OP_mmap:
        return mmap_invalid(p, op, system);
    case OP_mremap:
        return mremap_invalid(p, op);
    case OP_mprotect:
        return range_invalid(p, &op->arg[0], op->arg[1].num) ||
               (op->arg[2].num & ~UINT64_C(0x7000f));
    case OP_msync:
        return range_invalid(p, &op->arg[0], op->arg[1].num) || op->arg[2].num > 7 ||
               (op->arg[2].num & 5) == 5 || (system == ABI_FREEBSD && (op->arg[2].num & 3) == 3);
    case OP_madvise:
        return range_invalid(p, &op->arg[0], op->arg[1].num) || op->arg[2].num < ABI_ADVICE_NAMED;
    default:
        return range_invalid(p, &op->arg[0], op->arg[1].num);
    }
}

struct seen {
    uint64_t op[OP_KIND_COUNT];
    uint64_t mapflags;
    uint64_t advice; /* bit per row */
    unsigned msync;  /* bit per flag word */
    unsigned mremap;
    unsigned prot;
    unsigned relation[3]; /* host page equal to, less than, greater than guest page */
    unsigned reserved[2];
    unsigned bits[2];
    unsigned guest_page_4096;
    unsigned guest_base_0;
    unsigned open[PROG_OPEN_COUNT];
    uint64_t calls;
    uint64_t invalid;
    uint64_t ranges;
    uint64_t hits; /* ranges of fixed maps and calls that touch an earlier map */
};

static void see_config(struct seen *s, const struct prog *p)
{
    uint64_t guest = p->config.value[CONFIG_GUEST_PAGE];
    uint64_t host = p->config.value[CONFIG_HOST_PAGE];

    s->relation[host == guest ? 0 : host < guest ? 1 : 2]++;
    s->reserved[p->config.value[CONFIG_RESERVED] != 0]++;
    s->bits[p->config.value[CONFIG_BITS] == 64]++;
    s->guest_page_4096 += guest == 4096;
    s->guest_base_0 += p->config.value[CONFIG_GUEST_BASE] == 0;
    for (unsigned key = 0; key < CONFIG_KEY_COUNT; key++) {
        assert_int_equal((p->config.given >> key) & 1,
                         p->config.value[key] != PROG_CONFIG_DEFAULT.value[key]);
    }
    for (size_t i = 0; i < p->files.n; i++) {
        s->open[p->files.v[i].open]++;
    }
}

static bool touches_earlier(const struct prog *p, size_t at)
{
    const struct op *op = &p->ops.v[at];
    struct range r;

    if (op->arg[0].base == VALUE_RESULT) {
        return true;
    }
    if (!range_from_len(op->arg[0].num, op->arg[1].num, &r)) {
        return false;
    }
    for (size_t i = 0; i < at; i++) {
        const struct op *m = &p->ops.v[i];
        struct range other;

        if (m->kind == OP_mmap && m->arg[0].base == VALUE_WINDOW &&
            range_from_len(m->arg[0].num, m->arg[1].num, &other) && range_overlaps(r, other)) {
            return true;
        }
    }
    return false;
}

static void see_op(struct seen *s, const struct prog *p, size_t at, enum abi_system system)
{
    const struct op *op = &p->ops.v[at];

    s->op[op->kind]++;
    assert_int_equal(op->expect.kind, EXPECT_NONE);
    if (op->kind == OP_mmap) {
        s->mapflags |= op->arg[3].num;
        s->prot |= 1u << (op->arg[2].num & 7);
    } else if (op->kind == OP_mremap) {
        s->mremap |= 1u << (op->arg[3].num & 7);
    } else if (op->kind == OP_msync) {
        s->msync |= 1u << (op->arg[2].num & 7);
    }
    for (unsigned i = 0; op->kind == OP_madvise && i < ARRAY_LEN(advice_values); i++) {
        s->advice |= (uint64_t)((int64_t)op->arg[2].num == advice_values[i][0]) << i;
    }
    if (op->kind <= OP_madvise) {
        bool invalid = args_invalid(p, op, system);

        s->calls++;
        s->invalid += invalid;
        if (!invalid && (op->kind != OP_mmap || (op->arg[3].num & ABI_MAP_FIXED))) {
            s->ranges++;
            s->hits += touches_earlier(p, at);
        }
    }
}

static void look(struct seen *s, enum abi_system system)
{
    struct gen_options o = all_options(system);
    struct prog p = PROG_INIT;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        gen_seed(&p, seed, &o);
        see_config(s, &p);
        for (size_t i = 0; i < p.ops.n; i++) {
            see_op(s, &p, i, system);
        }
    }
    prog_free(&p);
    print_message("# %s: %llu of %llu argument sets invalid, %llu of %llu ranges on earlier maps\n",
                  abi_system_name(system), (unsigned long long)s->invalid,
                  (unsigned long long)s->calls, (unsigned long long)s->hits,
                  (unsigned long long)s->ranges);
}

static void check_reached(const struct seen *s, enum abi_system system)
{
    for (unsigned k = 0; k < OP_KIND_COUNT; k++) {
        if (k == OP_mremap && system == ABI_FREEBSD) {
            assert_int_equal(s->op[k], 0);
        } else if (s->op[k] == 0) {
            fail_msg("%s is never drawn", op_descs[k].name);
        }
    }
    for (unsigned i = 0; i < ARRAY_LEN(mapflag_values); i++) {
        bool legal = mapflag_values[i][1 + system] != 0;

        if (!(s->mapflags & mapflag_values[i][0]) == legal) {
            fail_msg("map flag 0x%x is drawn against what the system has", mapflag_values[i][0]);
        }
    }
    assert_int_equal((s->mapflags & ABI_MAP_ALIGNED_MASK) != 0, system == ABI_FREEBSD);
    for (unsigned i = 0; i < ARRAY_LEN(advice_values); i++) {
        assert_int_equal(s->advice >> i & 1, advice_values[i][1 + system] >= 0);
    }
    assert_int_equal(s->prot, 0xff);
    /* Each legal combination of flags, by bit number of the flag word. */
    assert_int_equal(s->msync & 0x17, 0x17);
    if (system == ABI_LINUX) {
        assert_int_equal(s->mremap & 0xab, 0xab);
    }
}

static void check_shares(const struct seen *s)
{
    for (unsigned i = 0; i < 3; i++) {
        assert_in_range(s->relation[i], SEEDS / 6, SEEDS);
    }
    assert_in_range(s->reserved[0], SEEDS / 3, SEEDS);
    assert_in_range(s->reserved[1], SEEDS / 3, SEEDS);
    assert_in_range(s->bits[0], SEEDS / 3, SEEDS);
    assert_in_range(s->bits[1], SEEDS / 3, SEEDS);
    assert_in_range(s->guest_page_4096, SEEDS * 4 / 10, SEEDS * 6 / 10);
    assert_in_range(s->guest_base_0, SEEDS / 32, SEEDS / 8);
    for (unsigned i = 0; i < PROG_OPEN_COUNT; i++) {
        assert_in_range(s->open[i], SEEDS / 20, UINT32_MAX);
    }
    assert_in_range(s->invalid * 100, s->calls * 5, s->calls * 20);
    assert_in_range(s->hits * 100, s->ranges * 60, s->ranges * 100);
}

static void test_linux_is_covered(void **state)
{
    struct seen s = {0};

    (void)state;
    look(&s, ABI_LINUX);
    check_reached(&s, ABI_LINUX);
    check_shares(&s);
}

static void test_freebsd_is_covered(void **state)
{
    struct seen s = {0};

    (void)state;
    look(&s, ABI_FREEBSD);
    check_reached(&s, ABI_FREEBSD);
    check_shares(&s);
}

static void test_one_seed_is_one_program(void **state)
{
    struct gen_options o = all_options(ABI_LINUX);
    struct prog a = PROG_INIT;
    struct prog b = PROG_INIT;
    unsigned differ = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        gen_seed(&a, seed, &o);
        gen_seed(&b, seed, &o);
        assert_true(prog_equal(&a, &b));
        gen_seed(&b, seed + 1, &o);
        differ += !prog_equal(&a, &b);
    }
    assert_int_equal(differ, 200);
    prog_free(&a);
    prog_free(&b);
}

static void test_options_are_obeyed(void **state)
{
    struct prog_config config = PROG_CONFIG_DEFAULT;
    struct gen_options o = {.system = ABI_LINUX, .config = &config};
    struct prog p = PROG_INIT;

    (void)state;
    assert_int_equal(config_set(&config, CONFIG_HOST_PAGE, 65536, NULL), 0);
    assert_int_equal(config_set(&config, CONFIG_RESERVED, 0x100000, NULL), 0);
    for (uint64_t seed = 0; seed < 500; seed++) {
        o.ops_max = (unsigned)seed % 40;
        gen_seed(&p, seed, &o);
        assert_in_range(p.ops.n, o.ops_max < 8 ? o.ops_max : 8, o.ops_max);
        assert_int_equal(p.config.given, config.given);
        assert_memory_equal(p.config.value, config.value, sizeof(config.value));
        for (size_t i = 0; i < p.ops.n; i++) {
            assert_int_not_equal(p.ops.v[i].kind, OP_fork);
            assert_int_not_equal(p.ops.v[i].kind, OP_host_fail);
        }
    }
    prog_free(&p);
}

static void test_filling_maps_stay_small(void **state)
{
    struct gen_options o = all_options(ABI_LINUX);
    struct prog p = PROG_INIT;
    unsigned filling = 0;

    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        bool locked = false;

        gen_seed(&p, seed, &o);
        for (size_t i = 0; i < p.ops.n; i++) {
            const struct op *op = &p.ops.v[i];

            if (op->kind == OP_mmap &&
                (op->arg[3].num & (ABI_MAP_POPULATE | ABI_MAP_LOCKED | ABI_MAP_HUGETLB))) {
                filling++;
                locked |= (op->arg[3].num & ABI_MAP_LOCKED) != 0;
                assert_in_range(op->arg[1].num, 0, 1 << 20);
            }
        }
        for (size_t i = 0; locked && i < p.ops.n; i++) {
            if (p.ops.v[i].kind == OP_mremap) {
                assert_in_range(p.ops.v[i].arg[2].num, 0, 1 << 20);
            }
        }
    }
    assert_in_range(filling, 100, UINT32_MAX);
    prog_free(&p);
}

static void test_weights_switch_ops_and_flags_off(void **state)
{
    struct gen_options o = all_options(ABI_FREEBSD);
    struct gen_weights w;
    struct prng rng;
    unsigned off[OP_KIND_COUNT] = {0};
    uint64_t flags = 0;

    (void)state;
    prng_seed(&rng, 1);
    for (unsigned n = 0; n < 200; n++) {
        gen_weights_draw(&w, &rng, &o);
        for (unsigned k = 0; k < OP_KIND_COUNT; k++) {
            off[k] += w.op[k] == 0;
        }
        assert_int_equal(w.mapflags_off & ABI_MAP_POPULATE, 0);
        flags |= w.mapflags_off;
        assert_in_range(w.invalid, 20, 300);
    }
    assert_int_equal(off[OP_mmap], 0);
    assert_int_equal(off[OP_mremap], 200);
    assert_in_range(off[OP_munmap], 10, 100);
    assert_in_range(off[OP_store], 10, 100);
    assert_true(flags & ABI_MAP_EXCL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linux_is_covered),
        cmocka_unit_test(test_freebsd_is_covered),
        cmocka_unit_test(test_one_seed_is_one_program),
        cmocka_unit_test(test_options_are_obeyed),
        cmocka_unit_test(test_filling_maps_stay_small),
        cmocka_unit_test(test_weights_switch_ops_and_flags_off),
    };

    return cmocka_run_group_tests_name("op-gen", tests, NULL, NULL);
}
