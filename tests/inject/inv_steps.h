/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sound steps, each with all that belongs to it: tests break them in one place. */
#pragma once

#include "inv_world.h"

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

/*
 * The case that *STATE points to: nothing fires on the sound step, and on the broken one its
 * invariant alone.
 */
void world_run_case(void **state);

void step_fixed_map(struct world *w);
void step_placed_map(struct world *w);
void step_probed_map(struct world *w);
void step_full_window(struct world *w);
void step_failed_munmap(struct world *w);
void step_munmap_gt(struct world *w);
void step_mprotect_gt(struct world *w);
void step_file_lt(struct world *w);
void step_mprotect_hole(struct world *w);
void step_moved(struct world *w);
void step_translated(struct world *w);
void step_unprotected(struct world *w);
void step_forked(struct world *w);
void step_mprotect_large(struct world *w);
