/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that nobody hears of, run by the process that all others are made from: an emulator
 * translates what it runs, and what the first process has translated the others find done. It runs
 * in a process of its own first: if that comes to a bad end the agent goes on without.
 */
#include "warm.h"

#include "op/codec.h"
#include "sys.h"
#include "wire.h"

/* In the codec's words: at the window's start map, store, load, protect half of it, map shared
 * memory behind it, write it back, give bytes away, unmap all, fault. */
static const uint8_t program[] = {
    0xb7, 0x01, 0x00, 0x01, 0x40, 0x11, 0x20, 0x03, 0x0e, 0x02, 0x00, 0x06, 0x80, 0x00, 0x01,
    0x01, 0x01, 0x07, 0x80, 0x00, 0x01, 0x01, 0x02, 0x80, 0x00, 0x11, 0x10, 0x01, 0x00, 0x00,
    0x51, 0x20, 0x11, 0x20, 0x03, 0x0d, 0x02, 0x00, 0x04, 0x51, 0x20, 0x11, 0x10, 0x04, 0x05,
    0x80, 0x00, 0x11, 0x10, 0x09, 0x01, 0x80, 0x00, 0x11, 0x40, 0x07, 0x80, 0x00, 0x01, 0x01,
};
static const enum op_kind kinds[] = {OP_mmap,  OP_store,   OP_load,   OP_mprotect, OP_mmap,
                                     OP_msync, OP_madvise, OP_munmap, OP_load};

/* What bytes mean is the codec's: another program is not run. */
static bool is_that(const struct prog *p)
{
    bool same = p->ops.n == sizeof(kinds) / sizeof(kinds[0]);

    for (size_t i = 0; same && i < p->ops.n; i++) {
        same = p->ops.v[i].kind == kinds[i];
    }
    return same;
}

static void run(struct agent *a)
{
    if (agent_take_program(a, program, sizeof(program)) && is_that(&a->prog)) {
        steps_run(a);
    }
    op_results_clear(&a->results);
    a->over = false;
    a->fresh = false;
}

void warm_up(struct agent *a)
{
    int status = 1;
    long pid;

    wire_mute(true);
    pid = sys_fork();
    if (pid == 0) {
        sys_die_with_parent();
        run(a);
        sys_exit(0);
    }
    if (!sys_failed(pid) && sys_wait(pid, &status) == pid && status == 0) {
        run(a);
    }
    wire_mute(false);
}
