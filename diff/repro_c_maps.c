/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is mapped in the end, as a C reproducer looks it up: for what no access can show. */
#include <inttypes.h>

#include "repro_c.h"

/* As /proc/self/maps has them. */
static void rights_of(const struct region *r, char out[5])
{
    out[0] = r->prot & REGION_R ? 'r' : '-';
    out[1] = r->prot & REGION_W ? 'w' : '-';
    out[2] = r->prot & REGION_X ? 'x' : '-';
    out[3] = r->shared ? 's' : 'p';
    out[4] = '\0';
}

static void print_range(struct repro_c *c, struct range r, const char *rights)
{
    uint64_t at = r.start - c->r->record->place.window;
    struct buf line = BUF_INIT;

    repro_c_need(c, HELPER_SHOWS);
    repro_c_need(c, HELPER_AT);
    buf_str(&line, at > INT64_MAX ? "shows(at((uintptr_t)0 - " : "shows(at(");
    repro_c_number(c, at > INT64_MAX ? 0 - at : at, &line);
    buf_str(&line, "), ");
    repro_c_number(c, range_len(r), &line);
    buf_fmt(&line, ", \"%s\");", rights);
    repro_c_line(c, buf_text(&line), &c->body);
    buf_free(&line);
}

/* All pages that "@" reaches, in stretches that are alike. */
static void print_regions(struct repro_c *c, const struct region_vec *all, struct range within)
{
    uint64_t at = within.start;
    bool done = false;

    for (size_t i = 0; i < all->n && !done; i++) {
        struct range r = all->v[i].r;
        char rights[5];

        if (r.last < at || r.start > within.last) {
            continue;
        }
        r.start = u64_max(r.start, at);
        r.last = u64_min(r.last, within.last);
        if (r.start > at) {
            print_range(c, (struct range){at, r.start - 1}, "nothing");
        }
        rights_of(&all->v[i], rights);
        print_range(c, r, rights);
        done = r.last == within.last;
        at = r.last + 1;
    }
    if (!done) {
        print_range(c, (struct range){at, within.last}, "nothing");
    }
}

void repro_c_maps(struct repro_c *c)
{
    const struct record *rec = c->r->record;
    size_t n = c->r->prog->ops.n;
    const struct record_step *seen = n ? c->steps.v[n - 1].seen : NULL;
    struct region_vec all;

    if (!c->r->maps || !seen || !seen->has_regions || !c->space.has_window) {
        return;
    }
    all = record_regions(rec, (size_t)(seen - rec->steps.v));
    repro_c_need(c, HELPER_STEP);
    buf_fmt(&c->body, "%*sstep(%zu, \"/proc/self/maps\");\n", (int)c->indent, "", n + 1);
    print_regions(c, &all, range_widen(c->space.window, rec->place.page));
    buf_u8(&c->body, '\n');
}
