/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each invariant over what a step says of itself, page flags and the host map: a sound step in
 * which nothing fires, and the same step broken in one place, in which that invariant fires and no
 * other.
 */
#include "inv_steps.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* ---- breaking them ---- */

static void crash(struct world *w)
{
    w->step.outcome = (struct outcome){.kind = OUTCOME_CRASH, .signal = SIGABRT};
}
static void hang(struct world *w)
{
    w->step.outcome = (struct outcome){.kind = OUTCOME_HANG};
}
static void call_refused(struct world *w)
{
    w->calls[0].refused = true;
}
static void call_too_long(struct world *w)
{
    w->calls[0].len = 0x3000;
}
static void call_elsewhere(struct world *w)
{
    world_call(w, CALL_PROTECT, 0x12000, 0x1000, RW, 0);
}
static void write_elsewhere(struct world *w)
{
    world_call(w, CALL_WRITE, 0x1c000, 16, 0, 0);
}
static void sync_outside(struct world *w)
{
    world_call(w, CALL_SYNC, 0x200000, 0x1000, 0, 0);
}
static void probe_kept(struct world *w)
{
    struct trace_call *c = world_call(w, CALL_MAP, 0x14000, 0x2000, 0, PRIVATE | ANON);

    c->result = WORLD_BASE + 0x40000000;
}
static void probe_too_long(struct world *w)
{
    w->calls[0].len = 0x5000;
    world_call(w, CALL_UNMAP, 0x16000, 0x3000, 0, 0);
}
static void translate_maps(struct world *w)
{
    w->calls[0].kind = CALL_MAP;
    w->calls[0].flags = ANON_MAP;
    w->calls[0].result = w->calls[0].addr;
}
static void depth_left(struct world *w)
{
    w->step.lock.depth_after = 1;
}
static void unlock_missing(struct world *w)
{
    w->step.lock.unlocks = 0;
}
static void no_lock(struct world *w)
{
    w->step.lock.locks = w->step.lock.unlocks = 0;
}
static void errno_missing(struct world *w)
{
    w->step.outcome.err = 0;
}
static void errno_strange(struct world *w)
{
    w->step.outcome.err = ABI_EBADF;
}
static void errno_negated(struct world *w)
{
    w->step.outcome.value = (uint64_t)-ENOMEM;
}
static void flags_without_valid(struct world *w)
{
    w->flags_after.v[0].flags &= (uint8_t)~PAGE_VALID;
    w->flags_before.v[0].flags = w->flags_after.v[0].flags;
    w->ctx.host_after = NULL;
}
static void flags_no_write_org(struct world *w)
{
    w->flags_before.v[0].flags = w->flags_after.v[0].flags = PAGE_VALID | PAGE_READ | PAGE_WRITE;
}
static void flags_unknown(struct world *w)
{
    w->flags_before.v[0].flags |= 0x40;
    w->flags_after.v[0].flags |= 0x40;
}
static void flags_outside(struct world *w)
{
    struct region r = w->flags_after.v[0];

    r.r = (struct range){WORLD_SIZE, WORLD_SIZE + 0xfff};
    w->flags_before.v[w->flags_before.n++] = r;
    w->flags_after.v[w->flags_after.n++] = r;
}
static void flags_too_long(struct world *w)
{
    world_flags(w, ".rw.", "wwww");
    world_host(w, "-rw-", "wwww");
    world_tb(w, 0x13000, 0x13fff);
}
static void flags_too_short(struct world *w)
{
    world_flags(w, ".rw", "wrw");
    world_host(w, "-rw", "wrw");
}
static void flags_wrong_rights(struct world *w)
{
    world_flags(w, ".rw", "rrw");
    world_host(w, "-rw", "rrw");
}
static void fixed_elsewhere(struct world *w)
{
    w->step.outcome.value = 0x11000;
}
static void book_says_shared(struct world *w)
{
    world_flags(w, ".rw", "AAw");
    w->ctx.host_after = NULL;
}
static void success_of_unaligned(struct world *w)
{
    w->step.args.arg[5] = 0x200;
}
static void exclusive_over_used(struct world *w)
{
    w->step.args.arg[3] |= LINUX_MAP_FIXED_NOREPLACE;
}
static void mprotect_over_hole(struct world *w)
{
    w->step.outcome = (struct outcome){.kind = OUTCOME_OK};
}
static void translate_keeps_w(struct world *w)
{
    world_flags(w, "Xw", "Xw");
    world_host(w, "ww", "ww");
}
static void store_keeps_protection(struct world *w)
{
    world_flags(w, "tw", "tw");
    world_host(w, "rw", "rw");
}
static void moved_all_like_first(struct world *w)
{
    world_flags(w, "wrw....", "..w.www");
    world_host(w, "wrw----", "--w-www");
}
static void moved_source_kept(struct world *w)
{
    world_flags(w, "wrw....", "wrw.wrr");
    world_host(w, "wrw----", "wrw-wrr");
}
static void flags_lost_on_refusal(struct world *w)
{
    w->step.outcome.err = ABI_EINVAL;
    w->step.calls.n = 0;
    world_flags(w, "wwr", "w.r");
    world_host(w, "wwr", "w-r");
    world_tb(w, 0x11000, 0x11fff);
}
static void rights_lost_on_failure(struct world *w)
{
    /* F moved along, so books and host agree: it is the failure that changed them */
    world_flags(w, "wwr", "wrr");
    world_host(w, "wwr", "wrr");
    world_tb(w, 0x11000, 0x11fff);
}
static void prefix_not_done(struct world *w)
{
    world_flags(w, "ww.w", "rw.w");
    world_host(w, "ww-w", "rw-w");
}
static void beyond_the_hole(struct world *w)
{
    world_flags(w, "ww.w", "rr.r");
    world_host(w, "ww-w", "rr-r");
    world_tb(w, 0x13000, 0x13fff);
    w->calls[0].len = 0x4000;
}
static void placed_over_used(struct world *w)
{
    w->step.args.arg[0] = 0;
    w->step.outcome.value = 0x15000;
    world_flags(w, "ww....r", "ww...ww");
    world_host(w, "ww----r", "ww---ww");
    w->calls[0].addr = w->calls[0].result = WORLD_BASE + 0x15000;
    w->step.tbs.n = 0;
    world_tb(w, 0x15000, 0x16fff);
}
static void hint_ignored(struct world *w)
{
    w->step.args.arg[0] = 0x12000;
}
static void hint_not_asked_for(struct world *w)
{
    w->step.args.arg[0] = 0x12000;
}
static void below_minimum(struct world *w)
{
    w->step.args.arg[0] = 0;
    w->space.min_addr = 0x18000;
}
static void room_was_left(struct world *w)
{
    world_flags(w, "wwww..wwwwwwwwww", "wwww..wwwwwwwwww");
}
static void tb_missing(struct world *w)
{
    w->step.tbs.n = 0;
}
static void tb_too_short(struct world *w)
{
    w->tbs[0].r.last -= 0x1000;
}
static void tb_destination_missing(struct world *w)
{
    w->step.tbs.n = 1;
}
static void written_not_invalidated(struct world *w)
{
    world_call(w, CALL_WRITE, 0x12000, 16, 0, 0);
}
static void host_rights_wrong(struct world *w)
{
    world_host(w, ".rw", "wrw");
}
static void host_executable(struct world *w)
{
    world_flags(w, ".rw", "xxw");
    w->step.args.arg[2] = 5;
    world_host(w, "-rw", "xxw");
}
static void host_hole(struct world *w)
{
    world_host(w, "-rw", "w.w");
}
static void host_shared(struct world *w)
{
    world_host(w, "-rw", "wSw");
}
static void splice_without_rights(struct world *w)
{
    world_host(w,
               "--------"
               "wwww",
               "PPPrPPPP"
               "wwww");
}
static void eof_pages_missing(struct world *w)
{
    world_host(w,
               "--------"
               "wwww",
               "PPPw-PPP"
               "wwww");
}
static void union_too_weak(struct world *w)
{
    world_host(w, "wr", "-r");
}
static void union_too_strong(struct world *w)
{
    world_host(w, "wr", "wr");
}
static void w_beside_protected(struct world *w)
{
    world_host(w, "ww", "rw");
}
static void reservation_hole(struct world *w)
{
    world_host(w, ".rw", "www.");
}
static void reservation_readable(struct world *w)
{
    world_host(w, "-rw", "wwwr");
}
static void reservation_file(struct world *w)
{
    world_host(w, "-rw", "www-");
    w->host_after.v[w->host_after.n - 1].kind = REGION_FILE;
}
static void leaked(struct world *w)
{
    world_host(w, "www", "rww");
}
static void leaked_placeholder(struct world *w)
{
    world_host(w, "www", "r-w");
}
static void lookup_per_byte(struct world *w)
{
    w->step.lock.lookups = 0x2000;
}
static void call_per_page(struct world *w)
{
    w->step.calls.n = 0;
    w->step.args.arg[1] = 0x80000;
    while (w->step.calls.n < WORLD_CALLS) {
        world_call(w, CALL_PROTECT, 0x10000 + w->step.calls.n * 0x1000, 0x1000, 1, 0);
    }
}
static void fork_depth(struct world *w)
{
    w->step.lock.depth_after = 1;
}
static void fork_flags(struct world *w)
{
    world_flags(w, "wr", "rr");
    world_host(w, "wr", "rr");
}
static void fork_host(struct world *w)
{
    world_host(w, "wr", "-r");
}

static const struct inv_case cases[] = {
    {"the layer aborts", INV_NO_ABORT, step_fixed_map, crash},
    {"the layer hangs", INV_NO_ABORT, step_fixed_map, hang},
    {"a host call is refused by the guard", INV_CONFINEMENT, step_fixed_map, call_refused},
    {"a map longer than the request", INV_CONFINEMENT, step_fixed_map, call_too_long},
    {"a neighbour's rights changed", INV_CONFINEMENT, step_fixed_map, call_elsewhere},
    {"bytes written beyond the host page", INV_CONFINEMENT, step_mprotect_gt, write_elsewhere},
    {"a sync outside the window", INV_CONFINEMENT, step_fixed_map, sync_outside},
    {"a probed block kept", INV_CONFINEMENT, step_probed_map, probe_kept},
    {"a probe longer than the block and its alignment", INV_CONFINEMENT, step_probed_map,
     probe_too_long},
    {"translation replaces the page", INV_CONFINEMENT, step_translated, translate_maps},
    {"the lock is left taken", INV_LOCK_BALANCE, step_fixed_map, depth_left},
    {"one release is missing", INV_LOCK_BALANCE, step_fixed_map, unlock_missing},
    {"no lock at all", INV_LOCK_BALANCE, step_fixed_map, no_lock},
    {"errno not written", INV_ERRNO_SET, step_failed_munmap, errno_missing},
    {"an errno the call does not have", INV_ERRNO_SET, step_failed_munmap, errno_strange},
    {"a negated errno as result", INV_ERRNO_SET, step_failed_munmap, errno_negated},
    {"rights without VALID", INV_FLAG_DOMAIN, step_failed_munmap, flags_without_valid},
    {"W without WRITE_ORG", INV_FLAG_DOMAIN, step_failed_munmap, flags_no_write_org},
    {"an unknown flag", INV_FLAG_DOMAIN, step_failed_munmap, flags_unknown},
    {"a page outside the window", INV_FLAG_DOMAIN, step_failed_munmap, flags_outside},
    {"one page too many", INV_SUCCESS_EFFECT, step_fixed_map, flags_too_long},
    {"one page too few", INV_SUCCESS_EFFECT, step_fixed_map, flags_too_short},
    {"not the rights asked for", INV_SUCCESS_EFFECT, step_fixed_map, flags_wrong_rights},
    {"a fixed map says another address", INV_SUCCESS_EFFECT, step_fixed_map, fixed_elsewhere},
    {"a private map booked as shared", INV_SUCCESS_EFFECT, step_fixed_map, book_says_shared},
    {"an unaligned offset succeeds", INV_SUCCESS_EFFECT, step_fixed_map, success_of_unaligned},
    {"an exclusive map replaces", INV_SUCCESS_EFFECT, step_fixed_map, exclusive_over_used},
    {"mprotect over a hole succeeds", INV_SUCCESS_EFFECT, step_mprotect_hole, mprotect_over_hole},
    {"translation leaves W", INV_SUCCESS_EFFECT, step_translated, translate_keeps_w},
    {"a store leaves the protection", INV_SUCCESS_EFFECT, step_unprotected, store_keeps_protection},
    {"a move takes the first page's flags", INV_SUCCESS_EFFECT, step_moved, moved_all_like_first},
    {"a move leaves its source", INV_SUCCESS_EFFECT, step_moved, moved_source_kept},
    {"a refusal unmaps", INV_FAILURE_EFFECT, step_failed_munmap, flags_lost_on_refusal},
    {"a failure leaves other rights", INV_FAILURE_EFFECT, step_failed_munmap,
     rights_lost_on_failure},
    {"the prefix is not done", INV_FAILURE_EFFECT, step_mprotect_hole, prefix_not_done},
    {"pages behind the hole change", INV_FAILURE_EFFECT, step_mprotect_hole, beyond_the_hole},
    {"placed over a used page", INV_PLACEMENT_LEGAL, step_placed_map, placed_over_used},
    {"a free hint is ignored", INV_PLACEMENT_LEGAL, step_placed_map, hint_ignored},
    {"a free hint is not even tried", INV_PLACEMENT_LEGAL, step_probed_map, hint_not_asked_for},
    {"below the minimum address", INV_PLACEMENT_LEGAL, step_placed_map, below_minimum},
    {"ENOMEM with room left", INV_PLACEMENT_LEGAL, step_full_window, room_was_left},
    {"no invalidation", INV_TB_INVALIDATED, step_fixed_map, tb_missing},
    {"an invalidation too short", INV_TB_INVALIDATED, step_fixed_map, tb_too_short},
    {"only the source is invalidated", INV_TB_INVALIDATED, step_moved, tb_destination_missing},
    {"W comes back, the code stays", INV_TB_INVALIDATED, step_unprotected, tb_missing},
    {"unmapped, the code stays", INV_TB_INVALIDATED, step_munmap_gt, tb_missing},
    {"bytes written, the code stays", INV_TB_INVALIDATED, step_mprotect_gt,
     written_not_invalidated},
    {"host rights are not the pages'", INV_HOST_AGREES_EQ, step_fixed_map, host_rights_wrong},
    {"the host may execute", INV_HOST_AGREES_EQ, step_fixed_map, host_executable},
    {"a hole under a page", INV_HOST_AGREES_EQ, step_fixed_map, host_hole},
    {"a private page shared on the host", INV_HOST_AGREES_EQ, step_fixed_map, host_shared},
    {"the splice has other rights", INV_HOST_AGREES_LT, step_file_lt, splice_without_rights},
    {"one real page missing", INV_HOST_AGREES_LT, step_file_lt, eof_pages_missing},
    {"less than the union", INV_HOST_AGREES_GT, step_mprotect_gt, union_too_weak},
    {"more than the union", INV_HOST_AGREES_GT, step_mprotect_gt, union_too_strong},
    {"W beside a protected page", INV_HOST_AGREES_GT, step_mprotect_gt, w_beside_protected},
    {"a hole in the reservation", INV_RESERVATION_WHOLE, step_fixed_map, reservation_hole},
    {"a readable placeholder", INV_RESERVATION_WHOLE, step_fixed_map, reservation_readable},
    {"a file as placeholder", INV_RESERVATION_WHOLE, step_fixed_map, reservation_file},
    {"an empty host page stays mapped", INV_NO_LEAK, step_munmap_gt, leaked},
    {"a placeholder without reservation", INV_NO_LEAK, step_munmap_gt, leaked_placeholder},
    {"a look-up per byte", INV_COST_BOUNDED, step_mprotect_gt, lookup_per_byte},
    {"a host call per page", INV_COST_BOUNDED, step_mprotect_large, call_per_page},
    {"depth after fork", INV_FORK_CONSISTENT, step_forked, fork_depth},
    {"fork changes flags", INV_FORK_CONSISTENT, step_forked, fork_flags},
    {"host and flags disagree after fork", INV_HOST_AGREES_EQ, step_forked, fork_host},
};

/* Contents have their own test; the runner judges programs; the model's rows wait. */
static bool tested_elsewhere(enum inv_id id)
{
    return inv_descs[id].needs &
           (INV_NEEDS_CONTENTS | INV_NEEDS_PROGRAM | INV_NEEDS_MODEL | INV_NEEDS_RUNS);
}

static void test_every_row_has_a_case(void **state)
{
    (void)state;
    for (unsigned id = 0; id < INV_COUNT; id++) {
        bool found = tested_elsewhere((enum inv_id)id);

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            found |= cases[i].id == id;
        }
        assert_true(found);
        assert_int_equal(inv_find(inv_descs[id].name), id);
    }
    assert_int_equal(inv_find("no-such"), INV_COUNT);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_LEN(cases) + 1];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tests[i] = (struct CMUnitTest){.name = cases[i].name,
                                       .test_func = world_run_case,
                                       .initial_state = (void *)(uintptr_t)&cases[i]};
    }
    tests[ARRAY_LEN(cases)] = (struct CMUnitTest)cmocka_unit_test(test_every_row_has_a_case);
    return cmocka_run_group_tests_name("inv_fires", tests, NULL, NULL);
}
