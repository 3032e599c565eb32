/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FreeBSD personality: its tests by theme, calls at random whose answers another machine of the
 * same kind must allow, and last that every rule was seen to decide something.
 */
#include "vm_freebsd_bed.h"

#include <stdio.h>

#include "base/prng.h"

static const struct row_table *const tables[] = {
    &rows_mmap_args, &rows_mmap_files, &rows_place,  &rows_range,
    &rows_sync,      &rows_mremap,     &rows_memory,
};

void bed_begin(struct fbsd_bed *b)
{
    b->p = vm_begin(b->vm, &b->params);
    assert_non_null(b->p);
}

void bed_usual(struct fbsd_bed *b, uint64_t page)
{
    b->params = vm_params_default(ABI_FREEBSD, page);
    b->params.last = LAST_FREEBSD;
    b->params.place = PLACE_FREEBSD;
    b->params.text = 0x200000;
    b->params.merge = false;
    bed_begin(b);
}

int bed_file(struct fbsd_bed *b, uint64_t len)
{
    const struct vm_file_spec spec = {.size = len, .readable = true, .writable = true};
    int fd = vm_file_open(b->vm, &spec);

    assert_true(fd >= 0);
    return fd;
}

static int answered(struct fbsd_bed *b, int rc)
{
    const char *broken = vm_check(b->p);

    assert_int_equal(rc, 0);
    if (broken) {
        fail_msg("books broken: %s", broken);
    }
    return b->reply.took.err;
}

int bed_map(struct fbsd_bed *b, uint64_t addr, uint64_t len, uint64_t prot, uint32_t flags,
            const struct vm_answer *seen)
{
    const struct vm_mmap_args a = {addr, len, prot, flags, -1, 0};

    return answered(b, vm_mmap(b->p, &a, seen, &b->reply));
}

int bed_map_file(struct fbsd_bed *b, uint64_t addr, uint64_t len, uint32_t flags, int fd,
                 uint64_t offset, const struct vm_answer *seen)
{
    const struct vm_mmap_args a = {addr, len, R, flags, fd, offset};

    return answered(b, vm_mmap(b->p, &a, seen, &b->reply));
}

int bed_unmap(struct fbsd_bed *b, uint64_t addr, uint64_t len)
{
    return answered(b, vm_munmap(b->p, addr, len, NULL, &b->reply));
}

int bed_protect(struct fbsd_bed *b, uint64_t addr, uint64_t len, uint64_t prot)
{
    return answered(b, vm_mprotect(b->p, addr, len, prot, NULL, &b->reply));
}

int bed_store(struct fbsd_bed *b, uint64_t addr, uint8_t byte)
{
    struct vm_fault fault = {0};

    return vm_store(b->p, addr, &byte, 1, &fault) == 0 ? 0 : fault.code;
}

int bed_load(struct fbsd_bed *b, uint64_t addr)
{
    struct vm_fault fault = {0};
    uint8_t byte;

    return vm_load(b->p, addr, &byte, 1, &fault) == 0 ? byte : -fault.code;
}

static void test_table(void **state)
{
    struct fbsd_bed *b = *state;
    struct row_run run = {.vm = b->vm, .system = ABI_FREEBSD};

    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t]->n; i++) {
            if (!row_run(&run, &tables[t]->row[i])) {
                fail_msg("%s", buf_text(&run.wrong));
            }
        }
    }
    buf_free(&run.wrong);
}

enum { RANDOM_PAGES = 24, RANDOM_CALLS = 4000 };

/* One call on B: by chance, in a space of RANDOM_PAGES, most arguments whole pages. */
static void random_call(struct vm_proc *p, struct prng *prng, const struct vm_answer *seen,
                        struct vm_reply *ret)
{
    const uint32_t flags[] = {F_ANON,
                              F_ANON | F_FIX,
                              F_ANON | F_FIX | FREEBSD_MAP_EXCL,
                              FREEBSD_MAP_ANONYMOUS | FREEBSD_MAP_SHARED | F_FIX,
                              FREEBSD_MAP_GUARD | F_FIX,
                              F_STACK,
                              F_STACK | F_FIX};
    uint64_t skew = prng_chance(prng, 1, 8) ? 16 : 0;
    uint64_t addr = prng_below(prng, RANDOM_PAGES + 1) * P + skew;
    uint64_t len = prng_below(prng, 8) * P + (prng_chance(prng, 1, 8) ? 1 : 0);
    uint32_t map = flags[prng_below(prng, ARRAY_LEN(flags))];
    uint64_t prot = map & FREEBSD_MAP_GUARD ? 0 : prng_below(prng, 8);
    const struct vm_mmap_args a = {addr, len, map & FREEBSD_MAP_STACK ? RW : prot, map, -1, 0};
    uint8_t vec[RANDOM_PAGES];
    unsigned inherit = (unsigned)prng_below(prng, 5);
    unsigned advice = (unsigned)prng_below(prng, 12);

    switch (prng_below(prng, 10)) {
    case 0:
    case 1:
        assert_int_equal(vm_munmap(p, addr, len, seen, ret), 0);
        break;
    case 2:
    case 3:
        assert_int_equal(vm_mprotect(p, addr, len, prot, seen, ret), 0);
        break;
    case 4:
        assert_int_equal(vm_msync(p, addr, len, advice & 3, seen, ret), 0);
        break;
    case 5:
        assert_int_equal(vm_madvise(p, addr, len, advice, seen, ret), 0);
        break;
    case 6:
        assert_int_equal(vm_mincore(p, addr, len % (RANDOM_PAGES * P), vec, seen, ret), 0);
        break;
    case 7:
        assert_int_equal(vm_minherit(p, addr, len, (int)inherit, seen, ret), 0);
        break;
    default:
        assert_int_equal(vm_mmap(p, &a, seen, ret), 0);
        break;
    }
}

static void random_params(struct fbsd_bed *b)
{
    bed_usual(b, P);
    b->params.last = RANDOM_PAGES * P - 1;
    b->params.place = 4 * P;
    b->params.text = 0;
    bed_begin(b);
}

/* What a machine does without being asked, another must allow, and do the same. */
static void test_own_answers_are_allowed(void **state)
{
    const uint64_t seed = 20260921;
    struct fbsd_bed *b = *state;
    struct fbsd_bed other = {.vm = vm_new()};
    struct region_vec mine = REGION_VEC_INIT;
    struct region_vec theirs = REGION_VEC_INIT;
    const struct range all = {0, UINT64_MAX};
    struct prng prng, twin;

    print_message("# seed %llu\n", (unsigned long long)seed);
    assert_non_null(other.vm);
    random_params(b);
    random_params(&other);
    prng_seed(&prng, seed);
    prng_seed(&twin, seed);
    for (int i = 0; i < RANDOM_CALLS; i++) {
        uint64_t at = prng_below(&prng, RANDOM_PAGES) * P;

        prng_below(&twin, RANDOM_PAGES);
        assert_int_equal(bed_store(b, at, (uint8_t)i), bed_store(&other, at, (uint8_t)i));
        random_call(b->p, &prng, NULL, &b->reply);
        random_call(other.p, &twin, &b->reply.took, &other.reply);
        if (!other.reply.allowed) {
            fail_msg("call %d: errno %d value 0x%llx not allowed", i, b->reply.took.err,
                     (unsigned long long)b->reply.took.value);
        }
        region_vec_clear(&mine);
        region_vec_clear(&theirs);
        assert_int_equal(vm_regions(b->p, all, &mine), 0);
        assert_int_equal(vm_regions(other.p, all, &theirs), 0);
        region_normalise(&mine, REGION_MASK_PROT | REGION_MASK_KIND);
        region_normalise(&theirs, REGION_MASK_PROT | REGION_MASK_KIND);
        assert_int_equal(mine.n, theirs.n);
        assert_true(mine.n == 0 || memcmp(mine.v, theirs.v, mine.n * sizeof(*mine.v)) == 0);
        assert_null(vm_check(b->p));
    }
    region_vec_free(&mine);
    region_vec_free(&theirs);
    vm_free(other.vm);
}

/* Rules that nothing in this specification can make decide. */
static bool out_of_reach(size_t rule)
{
    return rule == VM_RULE_FREEBSD_MMAP_CAPSICUM || rule == VM_RULE_FREEBSD_MMAP_WX ||
           rule == VM_RULE_FREEBSD_MMAP_SWAP || rule == VM_RULE_FREEBSD_MSYNC_EIO;
}

static void test_every_rule_was_seen(void **state)
{
    struct fbsd_bed *b = *state;
    const uint64_t *hits = vm_rule_hits(b->vm);

    for (size_t i = 0; i < VM_RULE_COUNT; i++) {
        if (strncmp(vm_rules[i].name, "FREEBSD_", 8) != 0) {
            continue;
        }
        if (out_of_reach(i)) {
            assert_int_equal(hits[i], 0);
            assert_non_null(vm_rules[i].unreached);
        } else if (hits[i] == 0) {
            fail_msg("%s was never exercised", vm_rules[i].name);
        }
    }
}

static int setup(void **state)
{
    static _Thread_local struct fbsd_bed bed;

    bed.vm = vm_new();
    *state = &bed;
    return bed.vm ? 0 : -1;
}

static int teardown(void **state)
{
    struct fbsd_bed *b = *state;

    vm_free(b->vm);
    return 0;
}

enum { TESTS_MAX = 64 };

static size_t append(struct CMUnitTest *to, size_t n, const struct CMUnitTest *from, size_t count)
{
    assert_true(n + count < TESTS_MAX);
    memcpy(to + n, from, count * sizeof(*from));
    return n + count;
}

int main(void)
{
    const struct CMUnitTest own[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_own_answers_are_allowed),
        cmocka_unit_test(test_every_rule_was_seen),
    };
    struct CMUnitTest tests[TESTS_MAX] = {{0}};
    size_t n = 0;

    n = append(tests, n, fbsd_place_tests, fbsd_place_n);
    n = append(tests, n, fbsd_stack_tests, fbsd_stack_n);
    n = append(tests, n, fbsd_call_tests, fbsd_call_n);
    append(tests, n, own, ARRAY_LEN(own));
    return cmocka_run_group_tests(tests, setup, teardown);
}
