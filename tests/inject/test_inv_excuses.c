/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What no invariant may complain of: the documented limits, TB protection lifted on the way,
 * partial effects that a kernel has too, and states that the host refused to have mended. Beside
 * each stands the same step without its excuse, which is a finding.
 */
#include "inv_steps.h"

#include <errno.h>
#include <string.h>

struct excuse {
    const char *name;
    void (*excused)(struct world *w);
    void (*bare)(struct world *w); /* the same without the excuse; NULL: nothing to compare with */
    enum inv_id id;                /* what fires then */
};

/* limit:slack-visible: a placed page is accessible together with the rest of its host page */
static void slack(struct world *w)
{
    world_init(w, 0x1000, 0x4000, 0x4000, true);
    WORLD_OP(w, OP_mmap, 0x14000, 0x14000, 0x1000, RW, LINUX_ANON, NONE, 0);
    world_flags(w, "........", "....w...");
    world_host(w, "--", "-w");
    world_call(w, CALL_MAP, 0x14000, 0x4000, RW, ANON_MAP);
    world_tb(w, 0x14000, 0x14fff);
}
static void slack_page_empty(struct world *w)
{
    slack(w);
    world_host(w, "---", "-ww");
}

/*
 * limit:subpage-prot: a page is as accessible as the strongest of its host page; a store to it goes
 * through
 */
static void soft_store(struct world *w)
{
    world_init(w, 0x1000, 0x4000, 0x4000, true);
    WORLD_OP(w, OP_store, 0, 0x10000, 16, 7);
    world_flags(w, "rw..", "rw..");
    world_host(w, "w", "w");
}
static void hard_store(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_store, 0, 0x10000, 16, 7);
    world_flags(w, "rw", "rw");
    world_host(w, "rw", "rw");
}

/* limit:guard-frag-soft: a guard beside live pages does not fault */
static void soft_guard(struct world *w)
{
    world_init(w, 0x1000, 0x4000, 0x4000, true);
    w->ctx.system = ABI_FREEBSD;
    WORLD_OP(w, OP_mmap, 0x11000, 0x11000, 0x1000, 0, FREEBSD_MAP_GUARD | FREEBSD_MAP_FIXED, NONE,
             0);
    world_flags(w, "ww..", "wg..");
    world_host(w, "w", "w");
    world_tb(w, 0x11000, 0x11fff);
}
static void guard_alone(struct world *w)
{
    soft_guard(w);
    world_flags(w, "....", ".g..");
}

/* limit:shared-ro-snapshot: a read-only shared fragment is a copy */
static void snapshot(struct world *w)
{
    world_init(w, 0x1000, 0x4000, 0x4000, true);
    WORLD_OP(w, OP_mmap, 0x11000, 0x11000, 0x1000, 1, LINUX_MAP_SHARED | LINUX_MAP_FIXED, 0,
             0x1000);
    world_flags(w, "w...", "wZ..");
    world_host(w, "w", "w");
    world_tb(w, 0x11000, 0x11fff);
}
static void snapshot_of_whole_pages(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mmap, 0x11000, 0x11000, 0x1000, 1, LINUX_MAP_SHARED | LINUX_MAP_FIXED, 0,
             0x1000);
    world_flags(w, "w.", "wZ");
    world_host(w, "w-", "wr");
    world_tb(w, 0x11000, 0x11fff);
}

/* limit:probe-best-effort: without reserved_va ENOMEM is the host's */
static void no_room_found(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, false);
    WORLD_OP(w, OP_mmap, 0, 0, 0x2000, RW, LINUX_ANON, NONE, 0);
    world_fails(w, ABI_ENOMEM);
    world_flags(w, "w", "w");
    world_host(w, "w", "w");
}
static void no_room_in_reservation(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mmap, 0, 0, 0x2000, RW, LINUX_ANON, NONE, 0);
    world_fails(w, ABI_ENOMEM);
    world_flags(w, "w", "w");
    world_host(w, "w", "w");
}

/* a neighbour's TB protection is lifted, and its code dropped */
static void lifted(struct world *w)
{
    world_init(w, 0x1000, 0x4000, 0x4000, true);
    WORLD_OP(w, OP_mprotect, 0, 0x11000, 0x1000, RW);
    world_flags(w, "tr..", "Xw..");
    world_host(w, "r", "w");
    world_call(w, CALL_PROTECT, 0x10000, 0x4000, RW, 0);
    world_tb(w, 0x10000, 0x11fff);
}
static void lifted_with_code(struct world *w)
{
    lifted(w);
    w->tbs[0].r.start = 0x11000;
}

/* a fixed map whose host call failed and took the old pages along: F says so */
static void old_range_lost(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mmap, 0, 0x10000, 0x2000, RW, LINUX_FIXED, NONE, 0);
    world_fails(w, ABI_ENOMEM);
    world_call(w, CALL_MAP, 0x10000, 0x2000, RW, ANON_MAP)->err = ENOMEM;
    world_flags(w, "rrw", "..w");
    world_host(w, "rrw", "--w");
    world_tb(w, 0x10000, 0x11fff);
}
static void old_range_lost_for_nothing(struct world *w)
{
    old_range_lost(w);
    w->step.calls.n = 0;
}

/* an mprotect that the host refused, and refused to undo */
static void undo_refused(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mprotect, 0, 0x10000, 0x2000, 1);
    world_fails(w, ABI_ENOMEM);
    world_call(w, CALL_PROTECT, 0x10000, 0x2000, 1, 0)->err = ENOMEM;
    world_call(w, CALL_PROTECT, 0x10000, 0x2000, RW, 0)->err = ENOMEM;
    world_flags(w, "ww", "ww");
    world_host(w, "ww", "rw");
}
static void undo_not_tried(struct world *w)
{
    undo_refused(w);
    w->step.calls.n = 1;
    w->ctx.host_before = NULL;
}

/* memory of the emulator lies in the window */
static void emulator_there(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, false);
    WORLD_OP(w, OP_munmap, 0, 0x10000, 0x1000);
    world_flags(w, "wr..", ".r..");
    world_host(w, "wr.w", ".r.w");
    world_call(w, CALL_UNMAP, 0x10000, 0x1000, 0, 0);
    world_tb(w, 0x10000, 0x10fff);
    w->ctx.host_start = &w->host_before;
}
static void emulator_not_there(struct world *w)
{
    emulator_there(w);
    w->ctx.host_start = NULL;
}

/* a rejected probe that the host does not take back */
static void probe_stays(struct world *w)
{
    step_probed_map(w);
    w->step.args.arg[0] = 0;
    w->step.calls.n = 0;
    world_call(w, CALL_MAP, 0x12000, 0x2000, 0, PRIVATE | ANON);
    world_call(w, CALL_UNMAP, 0x12000, 0x2000, 0, 0)->err = ENOMEM;
    world_call(w, CALL_MAP, 0x14000, 0x2000, 0, PRIVATE | ANON);
    world_call(w, CALL_MAP, 0x14000, 0x2000, RW, ANON_MAP);
    world_host(w, "ww....r", "ww--wwr");
}
static void probe_stays_unasked(struct world *w)
{
    probe_stays(w);
    w->calls[1].err = 0;
}

static const struct excuse excuses[] = {
    {"slack of a placed map", slack, slack_page_empty, INV_RESERVATION_WHOLE},
    {"a store by a neighbour's rights", soft_store, hard_store, INV_SUCCESS_EFFECT},
    {"a guard in a live host page", soft_guard, guard_alone, INV_HOST_AGREES_GT},
    {"a snapshot below a host page", snapshot, snapshot_of_whole_pages, INV_SUCCESS_EFFECT},
    {"probing finds no room", no_room_found, no_room_in_reservation, INV_PLACEMENT_LEGAL},
    {"TB protection lifted beside", lifted, lifted_with_code, INV_TB_INVALIDATED},
    {"a failed fixed map lost its old range", old_range_lost, old_range_lost_for_nothing,
     INV_FAILURE_EFFECT},
    {"an undo that was refused", undo_refused, undo_not_tried, INV_HOST_AGREES_EQ},
    {"memory of the emulator", emulator_there, emulator_not_there, INV_NO_LEAK},
    {"a probe that is not taken back", probe_stays, probe_stays_unasked, INV_NO_LEAK},
};

static void run_excuse(void **state)
{
    const struct excuse *x = *state;
    struct world w;

    x->excused(&w);
    check_world_holds(&w, x->name);
    world_free(&w);
    x->bare(&w);
    world_fires(&w, x->id, x->name);
    world_free(&w);
}

/* The excuse of a refused undo lasts until a call succeeds there. */
static void test_refused_undo_is_remembered(void **state)
{
    struct world w;

    (void)state;
    undo_refused(&w);
    check_world_holds(&w, "the undo is refused");
    WORLD_OP(&w, OP_msync, 0, 0x10000, 0x2000, 4);
    world_flags(&w, "ww", "ww");
    world_host(&w, "rw", "rw");
    check_world_holds(&w, "still");
    WORLD_OP(&w, OP_mprotect, 0, 0x10000, 0x2000, RW);
    world_call(&w, CALL_PROTECT, 0x10000, 0x2000, RW, 0);
    world_fires(&w, INV_HOST_AGREES_EQ, "the host does as told, but it does not show");
    world_free(&w);
}

/* Sizes of 32-bit guests are rounded in 32 bits. */
static void test_sizes_in_the_guests_width(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(&w, OP_msync, 0, 0x10000, 0xfffff001, 0);
    world_flags(&w, "w", "w");
    check_world_holds(&w, "a length that rounds to 0");
    w.space.bits = 64;
    world_fires(&w, INV_SUCCESS_EFFECT, "a length that leaves the window");
    world_free(&w);
}

/* The rows that wait for the model are never run, whatever there is to look at. */
static void test_model_rows_never_fire(void **state)
{
    struct inv_violation v;
    struct world w;

    (void)state;
    step_fixed_map(&w);
    w.step.outcome.kind = OUTCOME_CRASH;
    for (unsigned id = 0; id < INV_COUNT; id++) {
        if (inv_descs[id].needs & (INV_NEEDS_MODEL | INV_NEEDS_PROGRAM | INV_NEEDS_RUNS)) {
            assert_int_equal(inv_check_one((enum inv_id)id, &w.ctx, &v), 0);
        }
    }
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest plain[] = {
        cmocka_unit_test(test_refused_undo_is_remembered),
        cmocka_unit_test(test_sizes_in_the_guests_width),
        cmocka_unit_test(test_model_rows_never_fire),
    };
    struct CMUnitTest tests[ARRAY_LEN(excuses) + ARRAY_LEN(plain)];

    for (size_t i = 0; i < ARRAY_LEN(excuses); i++) {
        tests[i] = (struct CMUnitTest){.name = excuses[i].name,
                                       .test_func = run_excuse,
                                       .initial_state = (void *)(uintptr_t)&excuses[i]};
    }
    memcpy(&tests[ARRAY_LEN(excuses)], plain, sizeof(plain));
    return cmocka_run_group_tests_name("inv_excuses", tests, NULL, NULL);
}
