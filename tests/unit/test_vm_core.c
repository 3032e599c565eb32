/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/vm's core: areas and what keeps them apart, gaps, replies, rules, regions, force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/prng.h"
#include "vm_stub.h"

static void test_defaults(void **state)
{
    struct vm_params l = vm_params_default(ABI_LINUX, 16384);
    struct vm_params f = vm_params_default(ABI_FREEBSD, 4096);

    (void)state;
    assert_int_equal(l.last, 0x7fffffffbfff); /* whole pages of TASK_SIZE */
    assert_int_equal(l.areas_max, 65530);
    assert_int_equal(l.stack_guard, 256 * 16384);
    assert_int_equal(f.last, 0x7fffffffffff);
    assert_int_equal(f.stack_guard, 4096);
    assert_int_equal(f.areas_max, 0);
}

static void test_rules_are_named_once(void **state)
{
    struct vm_bed *b = *state;

    for (size_t i = 0; i < VM_RULE_COUNT; i++) {
        assert_non_null(vm_rules[i].name);
        assert_true(strlen(vm_rules[i].title) > 0);
        assert_true(strlen(vm_rules[i].source) > 0);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(vm_rules[i].name, vm_rules[j].name);
        }
    }
    assert_int_equal(vm_rule_hits(b->vm)[VM_RULE_MEM_GUARD], 0);
    vm_hit(b->vm, VM_RULE_MEM_GUARD);
    vm_bed_begin(b, ABI_LINUX, 4096, false);
    assert_int_equal(vm_rule_hits(b->vm)[VM_RULE_MEM_GUARD], 1);
}

/* Two rules that answer different errno numbers, found in the table. */
static void two_rules(enum vm_rule *x, enum vm_rule *y)
{
    *x = VM_RULE_COUNT;
    for (size_t i = 0; i < VM_RULE_COUNT; i++) {
        if (vm_rules[i].err > 0 && *x == VM_RULE_COUNT) {
            *x = (enum vm_rule)i;
        } else if (vm_rules[i].err > 0 && vm_rules[i].err != vm_rules[*x].err) {
            *y = (enum vm_rule)i;
            return;
        }
    }
    skip(); /* no personality has given any */
}

static void test_reply_failure(void **state)
{
    struct vm_bed *b = *state;
    enum vm_rule x;
    enum vm_rule y = VM_RULE_COUNT;
    struct vm_answer seen = {.value = 7};
    struct vm_reply r;

    two_rules(&x, &y);
    vm_reply_init(&r);
    assert_int_equal(vm_reply_fail(b->p, x, NULL, &r), 0);
    assert_true(r.allowed);
    assert_false(r.may_succeed);
    assert_int_equal(r.took.err, vm_rules[x].err);
    assert_int_equal(r.rule, x);
    vm_reply_init(&r);
    vm_reply_fail(b->p, x, &seen, &r);
    assert_false(r.allowed);
    seen = (struct vm_answer){.err = vm_rules[y].err};
    vm_reply_init(&r);
    vm_reply_fail(b->p, x, &seen, &r);
    assert_false(r.allowed);
    vm_reply_init(&r);
    vm_reply_may_fail(b->p, y, &r);
    vm_reply_fail(b->p, x, &seen, &r);
    assert_true(r.allowed);
    assert_int_equal(r.took.err, seen.err);
    assert_int_equal(r.rule, y);
    assert_int_equal(r.n_errs, 2);
    assert_true(vm_rule_hits(b->vm)[x] >= 3);
}

static void test_reply_choice(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    struct vm_answer seen = {.value = vm_bed_at(b, 9)};
    enum vm_rule x;
    enum vm_rule y = VM_RULE_COUNT;
    struct vm_reply r;

    two_rules(&x, &y);
    vm_reply_init(&r);
    vm_reply_value(&r, 0x5000);
    vm_reply_may_fail(b->p, x, &r);
    assert_true(vm_reply_settle(b->p, 4096, NULL, &r));
    assert_int_equal(r.took.value, 0x5000);
    assert_false(vm_reply_settle(b->p, 4096, &seen, &r));
    assert_false(r.allowed);
    assert_int_equal(r.took.value, 0x5000);
    r.any_place = true;
    assert_true(vm_reply_settle(b->p, 4096, &seen, &r));
    assert_int_equal(r.took.value, seen.value);
    vm_bed_map(b, b->p, 9, 1, &anon);
    vm_reply_value(&r, 0x5000);
    assert_false(vm_reply_settle(b->p, 4096, &seen, &r));
    seen = (struct vm_answer){.err = vm_rules[x].err};
    assert_false(vm_reply_settle(b->p, 4096, &seen, &r));
    assert_true(r.allowed);
    assert_int_equal(r.took.err, vm_rules[x].err);
    assert_int_equal(r.rule, x);
    vm_reply_init(&r);
    vm_reply_may_fail(b->p, y, &r);
    assert_false(vm_reply_settle(b->p, 4096, NULL, &r));
    assert_int_equal(r.took.err, vm_rules[y].err);
}

static void test_areas_are_found(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();

    vm_bed_map(b, b->p, 2, 2, &anon);
    vm_bed_map(b, b->p, 6, 1, &anon);
    vm_bed_map(b, b->p, 7, 1, &anon);
    assert_null(vm_area_find(b->p, vm_bed_at(b, 1)));
    assert_int_equal(vm_area_find(b->p, vm_bed_at(b, 3))->r.start, vm_bed_at(b, 2));
    assert_int_equal(vm_area_from(b->p, vm_bed_at(b, 4))->r.start, vm_bed_at(b, 6));
    assert_int_equal(vm_area_upto(b->p, vm_bed_at(b, 5))->r.start, vm_bed_at(b, 2));
    assert_null(vm_area_upto(b->p, vm_bed_at(b, 2) - 1));
    assert_null(vm_area_from(b->p, vm_bed_at(b, 8)));
    assert_int_equal(vm_area_next(b->p, vm_area_find(b->p, vm_bed_at(b, 2)))->r.start,
                     vm_bed_at(b, 6));
    assert_null(vm_area_prev(b->p, vm_area_find(b->p, vm_bed_at(b, 2))));
    assert_null(vm_area_next(b->p, vm_area_find(b->p, vm_bed_at(b, 7))));
    assert_true(vm_area_all(b->p, vm_bed_pages(b, 6, 2)));
    assert_false(vm_area_all(b->p, vm_bed_pages(b, 3, 4)));
    assert_false(vm_area_all(b->p, vm_bed_pages(b, 7, 2)));
    assert_true(vm_area_none(b->p, vm_bed_pages(b, 4, 2)));
    assert_false(vm_area_none(b->p, vm_bed_pages(b, 4, 3)));
    assert_int_equal(vm_area_count(b->p, vm_bed_pages(b, 3, 4)), 2);
    assert_int_equal(vm_areas(b->p), 3);
    assert_int_equal(vm_mapped_bytes(b->p), 4 * b->page);
    vm_bed_sound(b);
}

static void set_prot(struct vm_area *a, void *arg)
{
    a->a.prot = *(const uint8_t *)arg;
}

static void change(struct vm_bed *b, uint64_t first, uint64_t n, uint8_t prot)
{
    assert_int_equal(vm_reserve(b->vm, 2, 0), 0);
    vm_area_change(b->p, vm_bed_pages(b, first, n), set_prot, &prot);
    vm_bed_sound(b);
}

static void test_splits_are_remembered(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();

    vm_bed_map(b, b->p, 0, 8, &anon);
    assert_int_equal(vm_reserve(b->vm, 4, 0), 0);
    vm_area_split(b->p, vm_bed_at(b, 4));
    vm_area_split(b->p, vm_bed_at(b, 4));
    assert_int_equal(vm_areas(b->p), 2);
    assert_int_equal(vm_bed_joint(b, 4), VM_JOINT_NONE);
    vm_area_join(b->p, vm_area_find(b->p, vm_bed_at(b, 0)), vm_area_find(b->p, vm_bed_at(b, 4)));
    assert_int_equal(vm_areas(b->p), 1);
    change(b, 2, 2, ABI_PROT_READ | ABI_PROT_WRITE);
    assert_int_equal(vm_areas(b->p), 1); /* nothing was changed, nothing is split */
    change(b, 2, 2, ABI_PROT_READ);
    assert_int_equal(vm_areas(b->p), 3);
    assert_int_equal(vm_bed_joint(b, 2), VM_JOINT_HARD);
    change(b, 2, 2, ABI_PROT_READ | ABI_PROT_WRITE);
    assert_int_equal(vm_areas(b->p), 3);
    assert_int_equal(vm_bed_joint(b, 2), VM_JOINT_SOFT);
    assert_int_equal(vm_bed_joint(b, 4), VM_JOINT_SOFT);
    vm_area_join(b->p, vm_area_find(b->p, vm_bed_at(b, 0)), vm_area_find(b->p, vm_bed_at(b, 2)));
    assert_int_equal(vm_area_find(b->p, vm_bed_at(b, 3))->r.start, vm_bed_at(b, 0));
    vm_bed_sound(b);
}

static void test_merging_machine_merges(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();

    vm_bed_begin(b, ABI_LINUX, 4096, true);
    vm_bed_map(b, b->p, 0, 2, &anon);
    vm_bed_map(b, b->p, 4, 2, &anon);
    vm_bed_map(b, b->p, 2, 2, &anon);
    assert_int_equal(vm_areas(b->p), 1);
    change(b, 2, 2, ABI_PROT_READ);
    assert_int_equal(vm_areas(b->p), 3);
    change(b, 2, 2, ABI_PROT_READ | ABI_PROT_WRITE);
    assert_int_equal(vm_areas(b->p), 1);
    assert_int_equal(vm_reserve(b->vm, 4, 0), 0);
    vm_area_move(b->p, vm_bed_at(b, 4), 2 * b->page, vm_bed_at(b, 20));
    vm_area_move(b->p, vm_bed_at(b, 20), 2 * b->page, vm_bed_at(b, 4));
    assert_int_equal(vm_areas(b->p), 1);
    vm_bed_sound(b);
}

static void test_what_keeps_neighbours_apart(void **state)
{
    struct vm_bed *b = *state;
    struct vm_file_spec spec = {.size = 1 << 20, .readable = true, .writable = true};
    int fd = vm_file_open(b->vm, &spec);
    int again = vm_file_reopen(b->vm, fd, true, true);
    struct vm_area_attr file = vm_bed_file(b, fd, 0, false);
    struct vm_area_attr anon = vm_bed_anon();
    struct vm_object *o;

    vm_bed_map(b, b->p, 0, 1, &file);
    file = vm_bed_file(b, fd, 1, false);
    vm_bed_map(b, b->p, 1, 1, &file);
    assert_int_equal(vm_bed_joint(b, 1), VM_JOINT_SOFT);
    file = vm_bed_file(b, again, 2, false);
    vm_bed_map(b, b->p, 2, 1, &file);
    assert_int_equal(vm_bed_joint(b, 2), VM_JOINT_HARD); /* opened twice */
    vm_bed_map(b, b->p, 3, 1, &file);
    assert_int_equal(vm_bed_joint(b, 3), VM_JOINT_HARD); /* the same page again */
    vm_bed_map(b, b->p, 4, 1, &anon);
    assert_int_equal(vm_bed_joint(b, 4), VM_JOINT_HARD);
    anon.flags = VM_AREA_TOUCHED;
    vm_bed_map(b, b->p, 5, 1, &anon);
    assert_int_equal(vm_bed_joint(b, 5), VM_JOINT_SOFT);
    anon.flags = VM_AREA_LOCKED;
    vm_bed_map(b, b->p, 6, 1, &anon);
    assert_int_equal(vm_bed_joint(b, 6), VM_JOINT_HARD);
    anon = vm_bed_anon();
    anon.shared = true;
    o = anon.object = vm_object_anon(b->vm);
    vm_bed_map(b, b->p, 7, 1, &anon);
    anon.object = vm_object_anon(b->vm);
    anon.offset = b->page;
    vm_bed_map(b, b->p, 8, 1, &anon);
    assert_int_equal(vm_bed_joint(b, 8), VM_JOINT_HARD); /* two shared memories */
    vm_bed_map(b, b->p, 10, 1, &anon);
    assert_int_equal(vm_bed_joint(b, 10), VM_JOINT_HARD); /* a hole between */
    vm_object_put(o);
    vm_object_put(anon.object);
    vm_bed_sound(b);
}

static void test_freebsd_neighbours(void **state)
{
    struct vm_bed *b = *state;
    struct vm_file_spec spec = {.size = 1 << 20, .readable = true, .writable = true};
    struct vm_area_attr a;
    int fd;

    vm_bed_begin(b, ABI_FREEBSD, 4096, false);
    fd = vm_file_open(b->vm, &spec);
    a = vm_bed_file(b, fd, 0, false);
    vm_bed_map(b, b->p, 0, 1, &a);
    a = vm_bed_file(b, vm_file_reopen(b->vm, fd, true, true), 1, false);
    vm_bed_map(b, b->p, 1, 1, &a);
    assert_int_equal(vm_bed_joint(b, 1), VM_JOINT_SOFT); /* by vnode, not by descriptor */
    a = vm_bed_anon();
    a.flags = VM_AREA_GROWSDOWN;
    vm_bed_map(b, b->p, 2, 1, &a);
    vm_bed_map(b, b->p, 3, 1, &a);
    assert_int_equal(vm_bed_joint(b, 3), VM_JOINT_HARD);
    a.flags = 0;
    a.prot = 0;
    a.kind = VM_AREA_GUARD;
    vm_bed_map(b, b->p, 4, 1, &a);
    vm_bed_map(b, b->p, 5, 1, &a);
    assert_int_equal(vm_bed_joint(b, 5), VM_JOINT_SOFT);
    a.kind = VM_AREA_GAP;
    vm_bed_map(b, b->p, 6, 1, &a);
    vm_bed_map(b, b->p, 7, 1, &a);
    assert_int_equal(vm_bed_joint(b, 7), VM_JOINT_HARD);
    assert_int_equal(vm_mapped_bytes(b->p), 4 * b->page);
}

static void test_remove_cuts(void **state)
{
    struct vm_bed *b = *state;
    struct vm_file_spec spec = {.size = 1 << 20, .readable = true, .writable = true};
    struct vm_area_attr file = vm_bed_file(b, vm_file_open(b->vm, &spec), 3, false);

    vm_bed_map(b, b->p, 0, 10, &file);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 5), 1), 0);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 2), 1), 0);
    assert_int_equal(vm_reserve(b->vm, 4, 0), 0);
    vm_area_remove(b->p, vm_bed_pages(b, 4, 2));
    assert_int_equal(vm_areas(b->p), 2);
    assert_int_equal(vm_area_find(b->p, vm_bed_at(b, 6))->a.offset, 9 * b->page);
    assert_true(vm_pages_any(b->p, vm_bed_pages(b, 0, 4)));
    assert_false(vm_pages_any(b->p, vm_bed_pages(b, 4, 6)));
    vm_area_remove(b->p, vm_bed_pages(b, 0, 1));
    vm_area_remove(b->p, vm_bed_pages(b, 9, 4));
    assert_int_equal(vm_mapped_bytes(b->p), 6 * b->page);
    assert_int_equal(vm_area_find(b->p, vm_bed_at(b, 1))->a.offset, 4 * b->page);
    vm_bed_sound(b);
    vm_area_remove(b->p, (struct range){0, UINT64_MAX});
    assert_int_equal(vm_areas(b->p), 0);
    assert_int_equal(vm_mapped_bytes(b->p), 0);
    vm_bed_sound(b);
}

static void test_move_takes_pages_along(void **state)
{
    struct vm_bed *b = *state;
    struct vm_file_spec spec = {.size = 1 << 20, .readable = true, .writable = true};
    struct vm_area_attr file = vm_bed_file(b, vm_file_open(b->vm, &spec), 3, false);
    struct vm_area_attr anon = vm_bed_anon();

    vm_bed_map(b, b->p, 0, 4, &anon);
    vm_bed_map(b, b->p, 4, 4, &file);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 3), 33), 0);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 4), 44), 0);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 7), 77), 0);
    assert_int_equal(vm_reserve(b->vm, 6, 0), 0);
    vm_area_move(b->p, vm_bed_at(b, 2), 4 * b->page, vm_bed_at(b, 20));
    assert_true(vm_area_none(b->p, vm_bed_pages(b, 2, 4)));
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 21)), 33);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 22)), 44);
    assert_int_equal(vm_bed_load(b->p, vm_bed_at(b, 7)), 77);
    assert_int_equal(vm_area_find(b->p, vm_bed_at(b, 22))->a.offset, 3 * b->page);
    assert_int_equal(vm_area_find(b->p, vm_bed_at(b, 6))->a.offset, 5 * b->page);
    vm_bed_sound(b);
}

static uint64_t gap(struct vm_bed *b, struct range within, uint64_t len, uint64_t align, bool top)
{
    uint64_t ret = 1;

    return vm_gap_find(b->p, within, len, align, top, &ret) ? ret : 1;
}

static void test_gaps(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    struct range all = {0, UINT64_MAX};
    uint64_t p = b->page;

    assert_int_equal(gap(b, all, p, p, false), 0);
    assert_int_equal(gap(b, all, p, p, true), UINT64_MAX - p + 1);
    assert_int_equal(gap(b, all, 0, p, true), 1);
    vm_bed_map(b, b->p, 0, 2, &anon);
    vm_bed_map(b, b->p, 3, 2, &anon);
    vm_bed_map(b, b->p, 8, 2, &anon);
    assert_int_equal(gap(b, vm_bed_pages(b, 0, 20), p, p, false), vm_bed_at(b, 2));
    assert_int_equal(gap(b, vm_bed_pages(b, 0, 20), 2 * p, p, false), vm_bed_at(b, 5));
    assert_int_equal(gap(b, vm_bed_pages(b, 0, 20), 4 * p, p, false), vm_bed_at(b, 10));
    assert_int_equal(gap(b, vm_bed_pages(b, 0, 10), p, p, true), vm_bed_at(b, 7));
    assert_int_equal(gap(b, vm_bed_pages(b, 0, 10), 3 * p, p, true), vm_bed_at(b, 5));
    assert_int_equal(gap(b, vm_bed_pages(b, 0, 10), 4 * p, p, true), 1);
    assert_int_equal(gap(b, vm_bed_pages(b, 0, 20), 2 * p, 4 * p, false), vm_bed_at(b, 12));
    assert_int_equal(gap(b, vm_bed_pages(b, 0, 8), p, 2 * p, true), vm_bed_at(b, 6));
    assert_int_equal(gap(b, vm_bed_pages(b, 6, 2), 2 * p, p, true), vm_bed_at(b, 6));
    assert_int_equal(gap(b, vm_bed_pages(b, 6, 2), 3 * p, p, true), 1);
    assert_int_equal(gap(b, all, p, p, true), UINT64_MAX - p + 1);
    assert_int_equal(gap(b, all, p, p, false), 0);
    assert_int_equal(gap(b, (struct range){UINT64_MAX - 2, UINT64_MAX}, 8, 8, false), 1);
}

/* A tree of several levels, against an array of pages. */
static void test_many_areas(void **state)
{
    enum { PAGES = 6000 };
    static bool used[PAGES];
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    struct prng rng;

    prng_seed(&rng, 0x5eed);
    memset(used, 0, sizeof(used));
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t at = prng_below(&rng, PAGES);

        assert_int_equal(vm_reserve(b->vm, 2, 0), 0);
        if (!used[at] && (i < 12000 || prng_chance(&rng, 1, 8))) {
            vm_area_insert(b->p, vm_bed_pages(b, at, 1), &anon);
            used[at] = true;
        } else {
            vm_area_remove(b->p, vm_bed_pages(b, at, 1));
            used[at] = false;
        }
        if (i % 512 == 0) {
            vm_bed_sound(b);
        }
    }
    for (uint64_t at = 0; at < PAGES; at++) {
        assert_int_equal(vm_area_find(b->p, vm_bed_at(b, at)) != NULL, used[at]);
    }
    vm_area_remove(b->p, (struct range){0, UINT64_MAX});
    assert_int_equal(vm_areas(b->p), 0);
    assert_int_equal(b->vm->nodes.live, 0);
}

static void test_force(void **state)
{
    struct vm_bed *b = *state;
    struct vm_file_spec spec = {.size = 1 << 16, .readable = true, .writable = true};
    int fd = vm_file_open(b->vm, &spec);
    struct vm_mmap_args a = {vm_bed_at(b, 0), 4 * b->page, ABI_PROT_READ, 1, fd, b->page};

    assert_int_equal(vm_force_mmap(b->p, &a), 0);
    assert_int_equal(vm_area_find(b->p, a.addr)->a.offset, b->page);
    assert_int_equal(vm_bed_store(b->p, a.addr, 1), -EFAULT);
    assert_int_equal(vm_force_protect(b->p, vm_bed_pages(b, 1, 1), ABI_PROT_WRITE), 0);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 1), 1), 0);
    a.fd = -1;
    a.len = 2 * b->page;
    assert_int_equal(vm_force_mmap(b->p, &a), 0);
    assert_null(vm_area_find(b->p, a.addr)->a.object);
    assert_int_equal(vm_force_unmap(b->p, vm_bed_pages(b, 1, 2)), 0);
    assert_int_equal(vm_area_count(b->p, vm_bed_pages(b, 0, 8)), 2);
    a.len = 0;
    assert_int_equal(vm_force_mmap(b->p, &a), 0);
    vm_bed_sound(b);
}

static void test_regions_as_the_readers_tell(void **state)
{
    struct vm_bed *b = *state;
    struct region_vec v = REGION_VEC_INIT;

    for (unsigned system = 0; system < ABI_SYSTEM_COUNT; system++) {
        bool is_linux = system == ABI_LINUX;
        struct vm_file_spec spec = {
            .size = 1 << 16, .readable = true, .writable = true, .identity = 77};
        struct vm_area_attr a;

        vm_bed_begin(b, (enum abi_system)system, 4096, false);
        a = vm_bed_file(b, vm_file_open(b->vm, &spec), 1, true);
        vm_bed_map(b, b->p, 0, 4, &a);
        a = vm_bed_anon();
        vm_bed_map(b, b->p, 4, 1, &a);
        a.shared = true;
        a.object = vm_object_anon(b->vm);
        vm_bed_map(b, b->p, 5, 1, &a);
        vm_object_put(a.object);
        a = vm_bed_anon();
        a.kind = VM_AREA_GAP;
        vm_bed_map(b, b->p, 6, 1, &a);
        region_vec_clear(&v);
        assert_int_equal(vm_regions(b->p, vm_bed_pages(b, 2, 5), &v), 0);
        assert_int_equal(v.n, 4);
        assert_int_equal(v.v[0].r.start, vm_bed_at(b, 2));
        assert_int_equal(v.v[0].object, 77);
        assert_int_equal(v.v[0].offset, 3 * b->page);
        assert_true(v.v[0].kind == REGION_FILE && v.v[0].shared && v.v[0].named);
        assert_true(v.v[1].kind == REGION_ANON && !v.v[1].shared && !v.v[1].object);
        assert_int_equal(v.v[1].prot, REGION_R | REGION_W);
        assert_int_equal(v.v[2].kind, REGION_ANON);
        assert_int_equal(v.v[2].shared, is_linux);
        assert_int_equal(v.v[2].object != 0, is_linux);
        assert_true(v.v[3].kind == REGION_GUARD && v.v[3].prot == 0);
    }
    region_vec_free(&v);
}

#define BED_TEST(name) cmocka_unit_test_setup_teardown(name, vm_bed_setup, vm_bed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        BED_TEST(test_rules_are_named_once),
        BED_TEST(test_reply_failure),
        BED_TEST(test_reply_choice),
        BED_TEST(test_areas_are_found),
        BED_TEST(test_splits_are_remembered),
        BED_TEST(test_merging_machine_merges),
        BED_TEST(test_what_keeps_neighbours_apart),
        BED_TEST(test_freebsd_neighbours),
        BED_TEST(test_remove_cuts),
        BED_TEST(test_move_takes_pages_along),
        BED_TEST(test_gaps),
        BED_TEST(test_many_areas),
        BED_TEST(test_force),
        BED_TEST(test_regions_as_the_readers_tell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
