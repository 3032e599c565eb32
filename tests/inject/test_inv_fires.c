/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each invariant over what a step says of itself, page flags and the host map: a sound step in which
 * nothing fires, and the same step broken in one place, in which that invariant fires and no other.
 */
#include "inv_world.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

enum { RW = 3, SHARED = 1, PRIVATE = 2, FIXED = 4, ANON = 0x10, ANON_MAP = PRIVATE | FIXED | ANON };
enum { NONE = -1 };
#define LINUX_ANON (LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS)
#define LINUX_FIXED (LINUX_ANON | LINUX_MAP_FIXED)

struct inv_case {
    const char *name;
    enum inv_id id;
    void (*sound)(struct world *w);
    void (*broken)(struct world *w);
};

/* ---- sound steps ---- */

/* mmap(0x10000, 0x2000, RW, FIXED) beside and over other pages, one page size */
static void fixed_map(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mmap, 0x10000, 0x10000, 0x2000, RW, LINUX_FIXED, NONE, 0);
    world_flags(w, ".rw", "www");
    world_host(w, "-rw", "www");
    world_call(w, CALL_MAP, 0x10000, 0x2000, RW, ANON_MAP);
    world_tb(w, 0x10000, 0x11fff);
}

/* mmap(0x14000, 0x2000) finds its hint free; the placed block is H-aligned */
static void placed_map(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mmap, 0x14000, 0x14000, 0x2000, RW, LINUX_ANON, NONE, 0);
    world_flags(w, "ww....r", "ww..wwr");
    world_host(w, "ww----r", "ww--wwr");
    world_call(w, CALL_MAP, 0x14000, 0x2000, RW, ANON_MAP);
    world_tb(w, 0x14000, 0x15fff);
}

/* the same without reserved_va: the host is asked, and what it gives is replaced */
static void probed_map(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, false);
    WORLD_OP(w, OP_mmap, 0x14000, 0x14000, 0x2000, RW, LINUX_ANON, NONE, 0);
    world_flags(w, "ww....r", "ww..wwr");
    world_host(w, "ww....r", "ww..wwr");
    world_call(w, CALL_MAP, 0x14000, 0x2000, 0, PRIVATE | ANON);
    world_call(w, CALL_MAP, 0x14000, 0x2000, RW, ANON_MAP);
    world_tb(w, 0x14000, 0x15fff);
}

/* a window of 16 host pages full but for one: ENOMEM for two */
static void full_window(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    w->space.window_last = 0x1ffff;
    w->space.reserved_va = 0x20000;
    WORLD_OP(w, OP_mmap, 0, 0, 0x2000, RW, LINUX_ANON, NONE, 0);
    world_fails(w, ABI_ENOMEM);
    world_flags(w, "wwww.wwwwwwwwwww", "wwww.wwwwwwwwwww");
}

static void failed_munmap(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_munmap, 0, 0x11000, 0x1000);
    world_fails(w, ABI_ENOMEM);
    world_call(w, CALL_MAP, 0x11000, 0x1000, 0, ANON_MAP)->err = ENOMEM;
    w->calls[0].injected = true;
    world_flags(w, "wwr", "wwr");
    world_host(w, "wwr", "wwr");
}

/* munmap(0x12000, 0x5000) with big host pages, no reserved_va
 *                 0x10000         0x14000 */
static void munmap_gt(struct world *w)
{
    world_init(w, 0x1000, 0x4000, 0x4000, false);
    WORLD_OP(w, OP_munmap, 0, 0x12000, 0x6000);
    world_flags(w,
                "rrww"
                "wwww"
                "w...",
                "rr.."
                "...."
                "w...");
    world_host(w, "www", "r.w");
    world_call(w, CALL_PROTECT, 0x10000, 0x4000, 1, 0);
    world_call(w, CALL_UNMAP, 0x14000, 0x4000, 0, 0);
    world_tb(w, 0x12000, 0x17fff);
}

/* mprotect(0x11000, 0x1000, R) in the middle of a host page: the union stays */
static void mprotect_gt(struct world *w)
{
    world_init(w, 0x1000, 0x4000, 0x4000, true);
    WORLD_OP(w, OP_mprotect, 0, 0x11000, 0x1000, 1);
    world_flags(w,
                "rwrx"
                "tw..",
                "rrrx"
                "tw..");
    world_host(w, "wr", "rr");
    world_call(w, CALL_PROTECT, 0x10000, 0x4000, 1, 0);
    world_tb(w, 0x11000, 0x11fff);
}

/* a file of 0x2100 bytes, private, pages of 16K on real pages of 4K: the tail of EOF's page is spliced
 *              0x10000     0x14000     0x18000 */
static void file_lt(struct world *w)
{
    world_init(w, 0x4000, 0x4000, 0x1000, true);
    w->files[0].size = 0x2100;
    WORLD_OP(w, OP_mmap, 0x10000, 0x10000, 0x8000, RW, LINUX_MAP_PRIVATE | LINUX_MAP_FIXED, 0, 0);
    world_flags(w, "..w", "PPw");
    world_host(w,
               "--------"
               "wwww",
               "PPPwPPPP"
               "wwww");
    world_call(w, CALL_FSTAT, 0, 0, 0, 0);
    world_call(w, CALL_MAP, 0x10000, 0x8000, RW, PRIVATE | FIXED);
    world_call(w, CALL_MAP, 0x13000, 0x1000, RW, ANON_MAP);
    world_tb(w, 0x10000, 0x17fff);
}

/* Linux: the pages before the hole change, then ENOMEM */
static void mprotect_hole(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mprotect, 0, 0x10000, 0x4000, 1);
    world_fails(w, ABI_ENOMEM);
    world_flags(w, "ww.w", "rr.w");
    world_host(w, "ww-w", "rr-w");
    world_call(w, CALL_PROTECT, 0x10000, 0x2000, 1, 0);
    world_tb(w, 0x10000, 0x11fff);
}

/* mremap(0x10000, 0x2000, 0x3000, MAYMOVE) = 0x14000 */
static void moved(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mremap, 0x14000, 0x10000, 0x2000, 0x3000, ABI_MREMAP_MAYMOVE, 0);
    world_flags(w, "wrw....", "..w.wrr");
    world_host(w, "wrw----", "--w-wrr");
    world_call(w, CALL_REMAP, 0x10000, 0x2000, 0, 3)->len2 = 0x3000;
    w->calls[0].addr2 = w->calls[0].result = WORLD_BASE + 0x14000;
    world_call(w, CALL_MAP, 0x10000, 0x2000, 0, ANON_MAP);
    world_tb(w, 0x10000, 0x11fff);
    world_tb(w, 0x14000, 0x16fff);
}

/* exec(0x10000): the page loses W, its host page too */
static void translated(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_exec, 0, 0x10000);
    world_flags(w, "Xw", "tw");
    world_host(w, "ww", "rw");
    world_call(w, CALL_PROTECT, 0x10000, 0x1000, 1, 0);
}

/* store(0x10000): the fault handler gives W back and drops the code */
static void unprotected(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_store, 0, 0x10000, 4, 0x11);
    world_flags(w, "tw", "Xw");
    world_host(w, "rw", "ww");
    world_call(w, CALL_PROTECT, 0x10000, 0x1000, RW, 0);
    world_tb(w, 0x10000, 0x10fff);
}

static void forked(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    world_op(w, OP_fork, 0, 0, NULL);
    world_flags(w, "wr", "wr");
    world_host(w, "wr", "wr");
}

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

/* One large mprotect whose calls follow the intervals, not the pages. */
static void mprotect_large(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mprotect, 0, 0x10000, 0x80000, 1);
    world_flags(w, "rrrrrrrr", "rrrrrrrr");
    w->flags_before.v[0].r.last = w->flags_after.v[0].r.last = 0x8ffff;
    world_call(w, CALL_PROTECT, 0x10000, 0x80000, 1, 0);
}

static const struct inv_case cases[] = {
    {"the layer aborts", INV_NO_ABORT, fixed_map, crash},
    {"the layer hangs", INV_NO_ABORT, fixed_map, hang},
    {"a host call is refused by the guard", INV_CONFINEMENT, fixed_map, call_refused},
    {"a map longer than the request", INV_CONFINEMENT, fixed_map, call_too_long},
    {"a neighbour's rights changed", INV_CONFINEMENT, fixed_map, call_elsewhere},
    {"bytes written beyond the host page", INV_CONFINEMENT, mprotect_gt, write_elsewhere},
    {"a sync outside the window", INV_CONFINEMENT, fixed_map, sync_outside},
    {"a probed block kept", INV_CONFINEMENT, probed_map, probe_kept},
    {"a probe longer than the block and its alignment", INV_CONFINEMENT, probed_map,
     probe_too_long},
    {"translation replaces the page", INV_CONFINEMENT, translated, translate_maps},
    {"the lock is left taken", INV_LOCK_BALANCE, fixed_map, depth_left},
    {"one release is missing", INV_LOCK_BALANCE, fixed_map, unlock_missing},
    {"no lock at all", INV_LOCK_BALANCE, fixed_map, no_lock},
    {"errno not written", INV_ERRNO_SET, failed_munmap, errno_missing},
    {"an errno the call does not have", INV_ERRNO_SET, failed_munmap, errno_strange},
    {"a negated errno as result", INV_ERRNO_SET, failed_munmap, errno_negated},
    {"rights without VALID", INV_FLAG_DOMAIN, failed_munmap, flags_without_valid},
    {"W without WRITE_ORG", INV_FLAG_DOMAIN, failed_munmap, flags_no_write_org},
    {"an unknown flag", INV_FLAG_DOMAIN, failed_munmap, flags_unknown},
    {"a page outside the window", INV_FLAG_DOMAIN, failed_munmap, flags_outside},
    {"one page too many", INV_SUCCESS_EFFECT, fixed_map, flags_too_long},
    {"one page too few", INV_SUCCESS_EFFECT, fixed_map, flags_too_short},
    {"not the rights asked for", INV_SUCCESS_EFFECT, fixed_map, flags_wrong_rights},
    {"a fixed map says another address", INV_SUCCESS_EFFECT, fixed_map, fixed_elsewhere},
    {"a private map booked as shared", INV_SUCCESS_EFFECT, fixed_map, book_says_shared},
    {"an unaligned offset succeeds", INV_SUCCESS_EFFECT, fixed_map, success_of_unaligned},
    {"an exclusive map replaces", INV_SUCCESS_EFFECT, fixed_map, exclusive_over_used},
    {"mprotect over a hole succeeds", INV_SUCCESS_EFFECT, mprotect_hole, mprotect_over_hole},
    {"translation leaves W", INV_SUCCESS_EFFECT, translated, translate_keeps_w},
    {"a store leaves the protection", INV_SUCCESS_EFFECT, unprotected, store_keeps_protection},
    {"a move takes the first page's flags", INV_SUCCESS_EFFECT, moved, moved_all_like_first},
    {"a move leaves its source", INV_SUCCESS_EFFECT, moved, moved_source_kept},
    {"a refusal unmaps", INV_FAILURE_EFFECT, failed_munmap, flags_lost_on_refusal},
    {"a failure leaves other rights", INV_FAILURE_EFFECT, failed_munmap, rights_lost_on_failure},
    {"the prefix is not done", INV_FAILURE_EFFECT, mprotect_hole, prefix_not_done},
    {"pages behind the hole change", INV_FAILURE_EFFECT, mprotect_hole, beyond_the_hole},
    {"placed over a used page", INV_PLACEMENT_LEGAL, placed_map, placed_over_used},
    {"a free hint is ignored", INV_PLACEMENT_LEGAL, placed_map, hint_ignored},
    {"a free hint is not even tried", INV_PLACEMENT_LEGAL, probed_map, hint_not_asked_for},
    {"below the minimum address", INV_PLACEMENT_LEGAL, placed_map, below_minimum},
    {"ENOMEM with room left", INV_PLACEMENT_LEGAL, full_window, room_was_left},
    {"no invalidation", INV_TB_INVALIDATED, fixed_map, tb_missing},
    {"an invalidation too short", INV_TB_INVALIDATED, fixed_map, tb_too_short},
    {"only the source is invalidated", INV_TB_INVALIDATED, moved, tb_destination_missing},
    {"W comes back, the code stays", INV_TB_INVALIDATED, unprotected, tb_missing},
    {"unmapped, the code stays", INV_TB_INVALIDATED, munmap_gt, tb_missing},
    {"bytes written, the code stays", INV_TB_INVALIDATED, mprotect_gt, written_not_invalidated},
    {"host rights are not the pages'", INV_HOST_AGREES_EQ, fixed_map, host_rights_wrong},
    {"the host may execute", INV_HOST_AGREES_EQ, fixed_map, host_executable},
    {"a hole under a page", INV_HOST_AGREES_EQ, fixed_map, host_hole},
    {"a private page shared on the host", INV_HOST_AGREES_EQ, fixed_map, host_shared},
    {"the splice has other rights", INV_HOST_AGREES_LT, file_lt, splice_without_rights},
    {"one real page missing", INV_HOST_AGREES_LT, file_lt, eof_pages_missing},
    {"less than the union", INV_HOST_AGREES_GT, mprotect_gt, union_too_weak},
    {"more than the union", INV_HOST_AGREES_GT, mprotect_gt, union_too_strong},
    {"W beside a protected page", INV_HOST_AGREES_GT, mprotect_gt, w_beside_protected},
    {"a hole in the reservation", INV_RESERVATION_WHOLE, fixed_map, reservation_hole},
    {"a readable placeholder", INV_RESERVATION_WHOLE, fixed_map, reservation_readable},
    {"a file as placeholder", INV_RESERVATION_WHOLE, fixed_map, reservation_file},
    {"an empty host page stays mapped", INV_NO_LEAK, munmap_gt, leaked},
    {"a placeholder without reservation", INV_NO_LEAK, munmap_gt, leaked_placeholder},
    {"a look-up per byte", INV_COST_BOUNDED, mprotect_gt, lookup_per_byte},
    {"a host call per page", INV_COST_BOUNDED, mprotect_large, call_per_page},
    {"depth after fork", INV_FORK_CONSISTENT, forked, fork_depth},
    {"fork changes flags", INV_FORK_CONSISTENT, forked, fork_flags},
    {"host and flags disagree after fork", INV_FORK_CONSISTENT, forked, fork_host},
};

static void run_case(void **state)
{
    const struct inv_case *c = *state;
    struct world w;

    c->sound(&w);
    world_holds(&w, c->name);
    world_free(&w);
    c->sound(&w);
    c->broken(&w);
    world_fires(&w, c->id, c->name);
    world_free(&w);
}

/* Contents have their own test; the runner judges programs; the model's rows wait. */
static bool tested_elsewhere(enum inv_id id)
{
    return inv_descs[id].needs & (INV_NEEDS_CONTENTS | INV_NEEDS_PROGRAM | INV_NEEDS_MODEL);
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
                                       .test_func = run_case,
                                       .initial_state = (void *)(uintptr_t)&cases[i]};
    }
    tests[ARRAY_LEN(cases)] = (struct CMUnitTest)cmocka_unit_test(test_every_row_has_a_case);
    return cmocka_run_group_tests_name("inv_fires", tests, NULL, NULL);
}
