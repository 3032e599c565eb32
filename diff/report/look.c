/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "look.h"

#include <string.h>

unsigned look_of(const struct region *g)
{
    unsigned look = LOOK_MAPPED;

    if (!g) {
        return LOOK_FREE;
    }
    look |= g->prot & REGION_R ? LOOK_R : 0;
    look |= g->prot & REGION_W ? LOOK_W : 0;
    look |= g->prot & REGION_X ? LOOK_X : 0;
    look |= (g->flags & (PAGE_WRITE | PAGE_WRITE_ORG)) == PAGE_WRITE_ORG ? LOOK_WATCHED : 0;
    look |= g->kind == REGION_GUARD ? LOOK_GUARD : 0;
    look |= g->kind == REGION_FILE ? LOOK_FILE : 0;
    look |= g->kind == REGION_SPECIAL ? LOOK_SPECIAL : 0;
    look |= g->shared ? LOOK_SHARED : 0;
    return look | (g->snapshot ? LOOK_SNAPSHOT : 0);
}

/* Where a walk upwards through regions stands. */
struct walk {
    const struct region_vec *v;
    size_t i; /* the first region that does not end below */
};

static struct walk walk_from(const struct region_vec *v, uint64_t at)
{
    return (struct walk){v, region_lower_bound(v, at)};
}

/* The look at AT, no lower than before, and in *LAST where the region, or the hole, ends. */
static unsigned walk_to(struct walk *w, uint64_t at, uint64_t *last)
{
    const struct region *g;

    while (w->i < w->v->n && w->v->v[w->i].r.last < at) {
        w->i++;
    }
    if (w->i == w->v->n) {
        *last = UINT64_MAX;
        return LOOK_FREE;
    }
    g = &w->v->v[w->i];
    if (g->r.start > at) {
        *last = g->r.start - 1;
        return LOOK_FREE;
    }
    *last = g->r.last;
    return look_of(g);
}

unsigned look_at(const struct region_vec *v, struct range at)
{
    struct walk w = walk_from(v, at.start);
    uint64_t last;
    unsigned look = walk_to(&w, at.start, &last);

    while (last < at.last) {
        if (walk_to(&w, last + 1, &last) != look) {
            return LOOK_MIXED;
        }
    }
    return look;
}

void look_symbol(unsigned look, char text[LOOK_TEXT_MAX])
{
    size_t n = 0;

    if (look & LOOK_MIXED || !(look & LOOK_MAPPED) || look & LOOK_GUARD) {
        text[n++] = look & LOOK_MIXED ? '?' : look & LOOK_GUARD ? '#' : '.';
        text[n] = '\0';
        return;
    }
    if (look & LOOK_R) {
        text[n++] = 'r';
    }
    if (look & (LOOK_W | LOOK_WATCHED)) {
        text[n++] = look & LOOK_WATCHED ? 't' : 'w';
    }
    if (look & LOOK_X) {
        text[n++] = 'x';
    }
    if (n == 0) {
        text[n++] = '-';
    }
    if (look & LOOK_SHARED) {
        text[n++] = 's';
    }
    if (look & LOOK_SNAPSHOT) {
        text[n++] = '*';
    }
    text[n] = '\0';
}

void look_words(unsigned look, struct buf *out)
{
    if (look & LOOK_MIXED) {
        buf_str(out, "several things");
        return;
    }
    if (!(look & LOOK_MAPPED)) {
        buf_str(out, "free");
        return;
    }
    if (look & LOOK_GUARD) {
        buf_str(out, "guard");
        return;
    }
    buf_fmt(out, "%c%c%c %s %s", look & LOOK_R ? 'r' : '-',
            look & LOOK_WATCHED ? 't'
            : look & LOOK_W     ? 'w'
                                : '-',
            look & LOOK_X ? 'x' : '-', look & LOOK_SHARED ? "shared" : "private",
            look & LOOK_FILE      ? "file"
            : look & LOOK_SPECIAL ? "special"
                                  : "anonymous");
    buf_str(out, look & LOOK_SNAPSHOT ? ", a snapshot" : "");
}

bool look_next_change(const struct region_vec *a, const struct region_vec *b, struct range within,
                      struct look_change *ret)
{
    struct walk wa = walk_from(a, within.start);
    struct walk wb = walk_from(b, within.start);
    uint64_t at = within.start;
    bool found = false;

    for (;;) {
        uint64_t a_last;
        uint64_t b_last;
        unsigned before = walk_to(&wa, at, &a_last);
        unsigned after = walk_to(&wb, at, &b_last);
        uint64_t last = u64_min(u64_min(a_last, b_last), within.last);

        if (found && (before != ret->before || after != ret->after)) {
            return true;
        }
        if (!found && before != after) {
            found = true;
            *ret = (struct look_change){.where.start = at, .before = before, .after = after};
        }
        if (found) {
            ret->where.last = last;
        }
        if (last == within.last) {
            return found;
        }
        at = last + 1;
    }
}
