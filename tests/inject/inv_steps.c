/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See the header. */
#include "inv_steps.h"

#include <errno.h>

/* mmap(0x10000, 0x2000, RW, FIXED) beside and over other pages, one page size */
void step_fixed_map(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mmap, 0x10000, 0x10000, 0x2000, RW, LINUX_FIXED, NONE, 0);
    world_flags(w, ".rw", "www");
    world_host(w, "-rw", "www");
    world_call(w, CALL_MAP, 0x10000, 0x2000, RW, ANON_MAP);
    world_tb(w, 0x10000, 0x11fff);
}

/* mmap(0x14000, 0x2000) finds its hint free; the placed block is H-aligned */
void step_placed_map(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mmap, 0x14000, 0x14000, 0x2000, RW, LINUX_ANON, NONE, 0);
    world_flags(w, "ww....r", "ww..wwr");
    world_host(w, "ww----r", "ww--wwr");
    world_call(w, CALL_MAP, 0x14000, 0x2000, RW, ANON_MAP);
    world_tb(w, 0x14000, 0x15fff);
}

/* the same without reserved_va: the host is asked, and what it gives is replaced */
void step_probed_map(struct world *w)
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
void step_full_window(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    w->space.window_last = 0x1ffff;
    w->space.reserved_va = 0x20000;
    WORLD_OP(w, OP_mmap, 0, 0, 0x2000, RW, LINUX_ANON, NONE, 0);
    world_fails(w, ABI_ENOMEM);
    world_flags(w, "wwww.wwwwwwwwwww", "wwww.wwwwwwwwwww");
}

void step_failed_munmap(struct world *w)
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
void step_munmap_gt(struct world *w)
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
void step_mprotect_gt(struct world *w)
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

/* a file of 0x2100 bytes, private, 16K pages on real pages of 4K: the tail of EOF's page is spliced
 *              0x10000     0x14000     0x18000 */
void step_file_lt(struct world *w)
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
void step_mprotect_hole(struct world *w)
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
void step_moved(struct world *w)
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
void step_translated(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_exec, 0, 0x10000);
    world_flags(w, "Xw", "tw");
    world_host(w, "ww", "rw");
    world_call(w, CALL_PROTECT, 0x10000, 0x1000, 1, 0);
}

/* store(0x10000): the fault handler gives W back and drops the code */
void step_unprotected(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_store, 0, 0x10000, 4, 0x11);
    world_flags(w, "tw", "Xw");
    world_host(w, "rw", "ww");
    world_call(w, CALL_PROTECT, 0x10000, 0x1000, RW, 0);
    world_tb(w, 0x10000, 0x10fff);
}

void step_forked(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    world_op(w, OP_fork, 0, 0, NULL);
    world_flags(w, "wr", "wr");
    world_host(w, "wr", "wr");
}

/* One large mprotect whose calls follow the intervals, not the pages. */
void step_mprotect_large(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    WORLD_OP(w, OP_mprotect, 0, 0x10000, 0x80000, 1);
    world_flags(w, "rrrrrrrr", "rrrrrrrr");
    w->flags_before.v[0].r.last = w->flags_after.v[0].r.last = 0x8ffff;
    world_call(w, CALL_PROTECT, 0x10000, 0x80000, 1, 0);
}

void world_run_case(void **state)
{
    const struct inv_case *c = *state;
    struct world w;

    c->sound(&w);
    check_world_holds(&w, c->name);
    world_free(&w);
    c->sound(&w);
    c->broken(&w);
    world_fires(&w, c->id, c->name);
    world_free(&w);
}
