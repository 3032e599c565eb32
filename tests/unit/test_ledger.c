/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/inv's ledger as a book: cutting, replacing, forgetting and joining pieces against an array
 * with one entry per page; running out of room; what the host would not give back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/prng.h"
#include "inv/ledger_priv.h"

enum { PAGES = 64, ROUNDS = 20000 };
#define PAGE UINT64_C(0x1000)

static struct prog_file file = {0x10000, PROG_RDWR};

struct book {
    struct inv_ledger *l;
    struct prog prog;
    struct op op;
    struct space space;
};

static int setup(void **state)
{
    static struct book b;

    b = (struct book){.l = inv_ledger_new(), .prog = PROG_INIT};
    b.space = (struct space){.bits = 32,
                             .guest_page = PAGE,
                             .host_page = PAGE,
                             .real_page = PAGE,
                             .window_last = PAGES * PAGE - 1};
    b.prog.files.v = &file;
    b.prog.files.n = 1;
    b.prog.ops.v = &b.op;
    b.prog.ops.n = 1;
    if (!b.l) {
        return -1;
    }
    inv_ledger_reset(b.l, &b.prog, &b.space);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct book *b = *state;

    b->l = inv_ledger_free(b->l);
    return 0;
}

/* One page of the naive book: 0 no piece. */
struct naive {
    uint32_t object;
    uint64_t offset;
    uint8_t content;
};

static void check_against(const struct inv_ledger *l, const struct naive *n)
{
    uint64_t past = 0;

    for (size_t i = 0; i < l->n; i++) {
        assert_true(l->v[i].r.start >= past);
        assert_true(l->v[i].r.last >= l->v[i].r.start);
        past = l->v[i].r.last + 1;
    }
    for (uint64_t page = 0; page < PAGES; page++) {
        size_t i = ledger_find(l, page * PAGE);
        bool has = i < l->n && range_has(l->v[i].r, page * PAGE);

        assert_int_equal(has, n[page].object != 0);
        if (has) {
            assert_int_equal(l->v[i].object, n[page].object);
            assert_int_equal(l->v[i].content, n[page].content);
            assert_int_equal(ledger_offset_at(&l->v[i], page * PAGE), n[page].offset);
        }
    }
}

static void test_pieces_against_an_array(void **state)
{
    struct book *b = *state;
    static struct naive n[PAGES];
    struct prng rng;

    memset(n, 0, sizeof(n));
    prng_seed(&rng, 20);
    print_message("# seed 20\n");
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t first = prng_below(&rng, PAGES);
        uint64_t last = prng_between(&rng, first, u64_min(first + 9, PAGES - 1));
        struct range r = {first * PAGE, last * PAGE + PAGE - 1};
        uint64_t what = prng_below(&rng, 8);
        struct ledger_piece p = {.r = r,
                                 .content = (uint8_t)prng_below(&rng, 3),
                                 .shared = true,
                                 .object = 1 + (uint32_t)prng_below(&rng, 3),
                                 .offset = first * PAGE};

        if (what < 4) {
            ledger_set(b->l, &p);
        } else if (what < 6) {
            ledger_remove(b->l, r);
        } else {
            ledger_forget(b->l, r);
        }
        for (uint64_t page = first; page <= last; page++) {
            if (what < 4) {
                n[page] = (struct naive){p.object, page * PAGE, p.content};
            } else if (what < 6) {
                n[page] = (struct naive){0};
            } else {
                n[page].content = LEDGER_UNKNOWN;
            }
        }
        if (what & 1) {
            ledger_merge(b->l);
        }
        check_against(b->l, n);
    }
}

static void test_equal_neighbours_join(void **state)
{
    struct book *b = *state;
    struct ledger_piece p = {.r = {0, PAGE - 1}, .content = LEDGER_ZERO};

    for (uint64_t i = 0; i < 4; i++) {
        p.r = (struct range){i * PAGE, i * PAGE + PAGE - 1};
        ledger_set(b->l, &p);
    }
    ledger_merge(b->l);
    assert_int_equal(b->l->n, 1);
    /* the offsets of a shared object do not go on */
    p.shared = true;
    ledger_set(b->l, &p);
    p.r = (struct range){4 * PAGE, 5 * PAGE - 1};
    ledger_set(b->l, &p);
    ledger_merge(b->l);
    assert_int_equal(b->l->n, 3);
}

/* Full, it forgets a piece, and with a shared one what its object holds. */
static void test_running_out_of_room(void **state)
{
    struct book *b = *state;
    struct ledger_piece p = {.content = LEDGER_FILE, .file = true, .shared = true};

    for (uint64_t i = 0; i < LEDGER_PIECES_MAX; i++) {
        p.r = (struct range){2 * i * PAGE, (2 * i + 1) * PAGE - 1};
        p.offset = 0;
        ledger_set(b->l, &p);
    }
    assert_int_equal(b->l->n, LEDGER_PIECES_MAX);
    assert_false(b->l->files[0].wild);
    p.r = (struct range){PAGE, 2 * PAGE - 1};
    ledger_set(b->l, &p);
    assert_int_equal(b->l->n, LEDGER_PIECES_MAX);
    assert_true(b->l->files[0].wild);
    assert_true(ledger_find(b->l, PAGE) < b->l->n);
    /* cutting a piece in two needs room too */
    b->l->files[0].wild = false;
    ledger_forget(b->l, (struct range){0x10, 0x20});
    assert_true(b->l->files[0].wild);
    assert_true(b->l->n < LEDGER_PIECES_MAX);
    inv_ledger_reset(b->l, &b->prog, &b->space);
    assert_false(b->l->files[0].wild);
    assert_int_equal(b->l->n, 0);
}

static struct inv_view failed_step(struct book *b, struct inv_ctx *ctx, struct trace_step *s,
                                   const struct trace_call *calls, size_t n)
{
    static const struct region_vec none;
    struct inv_view v;

    b->op = (struct op){.kind = OP_munmap};
    *s = (struct trace_step){
        .args = {.arg = {0x1000, 0x3000}},
        .outcome = {.kind = OUTCOME_FAIL, .err = ABI_ENOMEM, .value = UINT64_MAX},
        .calls = {calls, n}};
    *ctx = (struct inv_ctx){.space = &b->space,
                            .prog = &b->prog,
                            .step = s,
                            .flags_before = &none,
                            .flags_after = &none};
    inv_view_init(&v, ctx);
    return v;
}

/*
 * One refusal must be undone by the layer; a second one, of the undo, is excused until something
 * succeeds there.
 */
static void test_stuck_ranges(void **state)
{
    struct book *b = *state;
    const struct trace_call refused[] = {
        {.kind = CALL_UNMAP, .addr = 0x1000, .len = 0x3000, .err = ENOMEM},
        {.kind = CALL_PROTECT, .addr = 0x1000, .len = 0x3000, .err = ENOMEM},
    };
    const struct trace_call mended = {.kind = CALL_PROTECT, .addr = 0x2000, .len = 0x1000};
    struct inv_ctx ctx;
    struct trace_step s;
    struct inv_view v = failed_step(b, &ctx, &s, refused, 1);
    uint64_t last = UINT64_MAX;

    inv_ledger_note_stuck(b->l, &v);
    assert_false(inv_ledger_stuck(b->l, 0x1000, &last));
    v = failed_step(b, &ctx, &s, refused, 2);
    inv_ledger_note_stuck(b->l, &v);
    inv_ledger_note_stuck(b->l, &v);
    assert_int_equal(b->l->n_stuck, 1);
    assert_false(inv_ledger_stuck(b->l, 0, &last));
    assert_int_equal(last, 0xfff);
    last = UINT64_MAX;
    assert_true(inv_ledger_stuck(b->l, 0x2000, &last));
    assert_int_equal(last, 0x3fff);
    v = failed_step(b, &ctx, &s, &mended, 1);
    inv_ledger_note_stuck(b->l, &v);
    assert_true(inv_ledger_stuck(b->l, 0x1fff, &last));
    assert_false(inv_ledger_stuck(b->l, 0x2000, &last));
    assert_true(inv_ledger_stuck(b->l, 0x3000, &last));
    assert_false(inv_ledger_stuck(NULL, 0x3000, &last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pieces_against_an_array, setup, teardown),
        cmocka_unit_test_setup_teardown(test_equal_neighbours_join, setup, teardown),
        cmocka_unit_test_setup_teardown(test_running_out_of_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stuck_ranges, setup, teardown),
    };

    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
