/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stretches: see the header. Cost: runs, at most two mixed host pages for each of their borders. */
#include "inv/inv_stretch.h"

static void add_run(struct inv_stretch *s, const struct region *run)
{
    bool shared;

    if (!(inv_flags(run) & PAGE_VALID)) {
        return;
    }
    shared = run->shared && !run->snapshot;
    s->live = true;
    s->tb |= inv_tb_protected(run->flags);
    s->need |= inv_need(run->flags);
    if (run->kind == REGION_GUARD) {
        return;
    }
    s->any_shared |= shared;
    s->any_file |= run->kind == REGION_FILE && !run->snapshot;
    s->any_anon |= run->kind == REGION_ANON;
}

struct inv_stretch inv_stretch_at(const struct inv_view *v, struct inv_cursor *c, uint64_t at)
{
    struct inv_stretch s = {.r = {at, at | (v->host_page - 1)}};
    uint64_t last = v->window.last;
    const struct region *run = inv_at(c, at, &last);

    add_run(&s, run);
    if (last >= s.r.last) {
        /* Whole host pages of one run; its odd end belongs to the next stretch. */
        s.r.last = last == v->window.last ? last : u64_align_down(last + 1, v->host_page) - 1;
        return s;
    }
    while (last < s.r.last) {
        at = last + 1;
        last = s.r.last;
        add_run(&s, inv_at(c, at, &last));
    }
    return s;
}
