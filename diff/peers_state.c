/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two targets have mapped after a step, and what their pages hold. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>

#include "base/int.h"
#include "exec/rangeset.h"
#include "listing.h"
#include "peers_int.h"

enum { LINE_PAGES_MAX = 4096 }; /* of a line that is looked at page by page */

#define MASK (REGION_MASK_PROT | REGION_MASK_KIND | REGION_MASK_SHARED | REGION_MASK_OBJECT)

/* FreeBSD's own listings do not tell one anonymous object from another. */
static bool hides_objects(const struct record *r)
{
    return r->place.host_page == 0 && r->place.system == ABI_FREEBSD;
}

static void forget_objects(struct region_vec *v)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->v[i].kind == REGION_ANON) {
            v->v[i].object = 0;
            v->v[i].offset = 0;
        }
    }
}

static int push(struct region_vec *to, const struct region *g, struct range r, uint64_t at)
{
    struct region piece = *g;

    piece.offset += g->object ? at - g->r.start : 0;
    piece.r = r;
    piece.snapshot = false; /* of a layer alone */
    piece.named = false;
    return region_vec_push(to, piece);
}

/* The second's regions where the first has the same; what it has nowhere is left out. */
static int rename_regions(struct peers *p, const struct region_vec *from, struct region_vec *to)
{
    int rc = 0;

    region_vec_clear(to);
    for (size_t i = 0; rc == 0 && i < from->n; i++) {
        const struct region *g = &from->v[i];
        struct range left = g->r;

        for (bool more = true; rc == 0 && more;) {
            uint64_t at;
            bool known;
            uint64_t len = rename_piece(&p->rename, peers_shift_range(p, left), &at, &known);

            rc = known ? push(to, g, (struct range){at, at + (len - 1)}, left.start) : 0;
            more = len - 1 < left.last - left.start;
            left.start += len;
        }
    }
    return rc;
}

static int take_regions(const struct region_vec *from, struct region_vec *to)
{
    int rc = 0;

    region_vec_clear(to);
    for (size_t i = 0; rc == 0 && i < from->n; i++) {
        rc = push(to, &from->v[i], from->v[i].r, from->v[i].r.start);
    }
    return rc;
}

static bool same_slice(struct record_slice a, struct record_slice b)
{
    return a.first == b.first && a.n == b.n;
}

/* From AT on within LAST, the first address that has not come apart. False if there is none. */
static bool skip_apart(const struct peers *p, uint64_t *at, uint64_t last)
{
    const struct region *g;

    while ((g = region_find(&p->apart.pages, *at)) != NULL) {
        if (g->r.last >= last) {
            return false;
        }
        *at = g->r.last + 1;
    }
    return true;
}

static int differ(struct peers *p, size_t i, struct region_difference *d,
                  struct compare_result *ret)
{
    ret->has_where = true;
    ret->where = d->where;
    ret->other_free = !d->b;
    buf_clear(&ret->text);
    buf_fmt(&ret->text, "at 0x%" PRIx64 "-0x%" PRIx64 " ", d->where.start, d->where.last);
    compare_print_side(p->a, d->a, &ret->text);
    buf_str(&ret->text, ", ");
    compare_print_side(p->b, d->b, &ret->text);
    if (buf_failed(&ret->text)) {
        return -ENOMEM;
    }
    if (peers_excused(p, i, COMPARE_REGIONS, ret)) {
        return rangeset_add(&p->apart.pages, d->where);
    }
    ret->verdict = COMPARE_FINDING;
    return 0;
}

/* Where the second's address B lies at the first's; false if nowhere. */
static bool renamed(const struct peers *p, uint64_t b, uint64_t *ret)
{
    uint64_t shifted = peers_shift(p, b);
    bool known;

    (void)rename_piece(&p->rename, (struct range){shifted, shifted}, ret, &known);
    return known;
}

/*
 * The second, an emulator, lists the page that is the first's at AT in a line that begins with
 * another page, which has the rights SHOWN: the two need not lie so with the first.
 */
static bool begins_otherwise(const struct peers *p, size_t i, uint64_t at,
                             const struct region *shown)
{
    struct region_vec all = peers_after(p, p->b, i);
    uint64_t page = p->b->place.page;

    for (size_t k = 0; k < all.n; k++) {
        const struct region *line = &all.v[k];
        const struct region *first;
        uint64_t start, here;

        if (line->prot != shown->prot || !renamed(p, line->r.start, &start) || start == at) {
            continue;
        }
        first = region_find(&p->x, start);
        for (uint64_t n = 1; first && first->prot == shown->prot && n < LINE_PAGES_MAX &&
                             n * page < range_len(line->r);
             n++) {
            if (renamed(p, line->r.start + n * page, &here) && here == at) {
                return true;
            }
        }
    }
    return false;
}

/* What is mapped is the same, as far as an emulator's list can show it. */
static bool is_listed_so(const struct peers *p, size_t i, const struct region_difference *d,
                         struct compare_result *ret)
{
    const uint64_t bit = rule_bit(RULE_ID_LISTING);
    uint64_t at = d->where.start;

    if ((p->rules_off & bit) ||
        !((p->b->place.emulated && (listing_explains(&p->x, at, d->b) ||
                                    (d->a && d->b && begins_otherwise(p, i, at, d->b)))) ||
          (p->a->place.emulated && listing_explains(&p->y, at, d->a)))) {
        return false;
    }
    ret->verdict = ret->verdict == COMPARE_SAME ? COMPARE_EXCUSED : ret->verdict;
    ret->what = COMPARE_REGIONS;
    ret->rules |= bit;
    return true;
}

/* What both targets give to programs: at the first's addresses. */
static struct range common_room(const struct peers *p)
{
    const struct record_place *a = &p->a->place;
    const struct record_place *b = &p->b->place;
    struct range room = a->within;

    room.last = u64_min(room.last, peers_shift(p, b->within.last));
    if (a->taken.last) {
        room.last = u64_min(room.last, a->taken.start - 1);
    }
    if (b->taken.last) {
        room.last = u64_min(room.last, peers_shift(p, b->taken.start) - 1);
    }
    return room;
}

static int compare_regions(struct peers *p, size_t i, struct compare_result *ret)
{
    struct region_vec a = peers_after(p, p->a, i);
    struct region_vec b = peers_after(p, p->b, i);
    struct range within = common_room(p);
    struct region_difference d;
    int rc;

    if (take_regions(&a, &p->x) < 0 || rename_regions(p, &b, &p->y) < 0) {
        return -ENOMEM;
    }
    if (hides_objects(p->a) || hides_objects(p->b)) {
        forget_objects(&p->x);
        forget_objects(&p->y);
    }
    region_normalise(&p->x, REGION_MASK_ALL);
    region_normalise(&p->y, REGION_MASK_ALL);
    object_names_apply(&p->names, &p->x, &p->y);
    region_normalise(&p->x, MASK);
    region_normalise(&p->y, MASK);
    while (region_diff(&p->x, &p->y, within, MASK, &d)) {
        uint64_t at = d.where.start;
        const struct region *next;

        if (!skip_apart(p, &at, within.last)) {
            return 0;
        }
        if (at > d.where.last) {
            within.start = at;
            continue;
        }
        d.where.start = at;
        next = region_lower_bound(&p->apart.pages, at) < p->apart.pages.n
                   ? &p->apart.pages.v[region_lower_bound(&p->apart.pages, at)]
                   : NULL;
        if (next && next->r.start <= d.where.last) {
            d.where.last = next->r.start - 1;
        }
        rc = is_listed_so(p, i, &d, ret) ? 0 : differ(p, i, &d, ret);
        if (rc < 0 || ret->verdict == COMPARE_FINDING || d.where.last >= within.last) {
            return rc;
        }
        within.start = d.where.last + 1;
    }
    return 0;
}

static bool is_layer(const struct record *r)
{
    return r->place.host_page != 0;
}

static bool odd_pages(const struct record *r)
{
    return is_layer(r) &&
           (r->place.host_page != r->place.page || r->place.real_page != r->place.page);
}

/* The file's last bytes and what lies behind them, where a layer's pages are not the guest's. */
static bool hidden_by_eof(const struct peers *p, const struct region *g, uint64_t at)
{
    uint64_t file = g->object - record_file_object(0);
    uint64_t offset = g->offset + (at - g->r.start);

    return g->kind == REGION_FILE && file < p->prog->files.n &&
           (odd_pages(p->a) || odd_pages(p->b)) &&
           offset + p->a->place.page > p->prog->files.v[file].size;
}

/* Behind the end of what it shows a map may still have bytes, up to the end of a larger page. */
static bool hidden_by_end(const struct peers *p, const struct record_digest *x,
                          const struct record_digest *y)
{
    bool x_bus = x->bytes == RECORD_BYTES_NONE && x->sum == SIGBUS;
    bool y_bus = y->bytes == RECORD_BYTES_NONE && y->sum == SIGBUS;

    return x_bus != y_bus && (odd_pages(p->a) || odd_pages(p->b));
}

/* What may not be read is read here and there all the same. */
static bool unreadable(const struct region_vec *v, uint64_t at)
{
    const struct region *g = region_find(v, at);

    return g && !(g->prot & REGION_R);
}

static bool hidden_on(const struct peers *p, const struct region_vec *v, uint64_t at,
                      uint64_t shown)
{
    const struct region *g = region_find(v, at);
    struct region copy;

    if (!g) {
        return false;
    }
    copy = *g;
    copy.shared = g->shared && !g->snapshot; /* a copy of the moment is a private one */
    return apart_hides(&p->apart, &copy, (struct range){at, at + (p->a->place.page - 1)}) ||
           hidden_by_eof(p, g, at) || rangeset_has(&p->apart.pages, shown);
}

bool peers_page_hidden(const struct peers *p, size_t i, uint64_t at)
{
    struct region_vec after = peers_after(p, p->a, i);
    struct region_vec before = peers_before(p, p->a);

    return hidden_on(p, &after, at, at) || hidden_on(p, &before, at, at);
}

static int differ_in_page(struct peers *p, size_t i, const struct record_digest *x,
                          const struct record_digest *y, struct compare_result *ret)
{
    ret->has_where = true;
    ret->where = (struct range){x->page, x->page + (p->a->place.page - 1)};
    buf_clear(&ret->text);
    buf_fmt(&ret->text, "in the page at 0x%" PRIx64 " ", x->page);
    compare_print_bytes(p->a, x, &ret->text);
    buf_str(&ret->text, ", ");
    compare_print_bytes(p->b, y, &ret->text);
    if (buf_failed(&ret->text)) {
        return -ENOMEM;
    }
    if (peers_excused(p, i, COMPARE_BYTES, ret)) {
        return rangeset_add(&p->apart.pages, ret->where);
    }
    ret->verdict = COMPARE_FINDING;
    return 0;
}

/* The second's digest of the page that the first has at PAGE; GUESS is where it may be. */
static const struct record_digest *second_digest(const struct peers *p,
                                                 const struct record_slice *s, uint32_t guess,
                                                 uint64_t page)
{
    for (uint32_t k = 0; k < s->n; k++) {
        const struct record_digest *d = &p->b->digests.v[s->first + (guess + k) % s->n];
        uint64_t b = peers_shift(p, d->page);
        uint64_t at;
        bool known;

        (void)rename_piece(&p->rename, (struct range){b, b}, &at, &known);
        if (known && at == page) {
            return d;
        }
    }
    return NULL;
}

/* The second has a copy of the moment there, of what was stored to since. */
static bool copied_on(const struct peers *p, const struct region_vec *v, uint64_t at)
{
    const struct region *g = region_find(v, at);
    struct region copy;

    if (!g || g->kind != REGION_FILE) {
        return false;
    }
    copy = *g;
    copy.shared = g->shared && !g->snapshot;
    return apart_hides(&p->apart, &copy, (struct range){at, at + (p->b->place.page - 1)});
}

static int compare_digests(struct peers *p, size_t i, struct compare_result *ret)
{
    const struct record_slice *a = &p->a->steps.v[i].digests;
    const struct record_slice *b = &p->b->steps.v[i].digests;
    struct region_vec map_a = peers_after(p, p->a, i);
    struct region_vec map_b = peers_after(p, p->b, i);
    int rc = 0;

    for (uint32_t k = 0; rc == 0 && k < a->n && ret->verdict != COMPARE_FINDING; k++) {
        const struct record_digest *x = &p->a->digests.v[a->first + k];
        const struct record_digest *y = second_digest(p, b, k, x->page);

        if (y && !rangeset_has(&p->apart.pages, x->page) &&
            !compare_same_bytes(x, y, p->a->place.page) && !hidden_by_end(p, x, y) &&
            !unreadable(&map_a, x->page) && !hidden_on(p, &map_a, x->page, x->page) &&
            !copied_on(p, &map_b, y->page)) {
            rc = differ_in_page(p, i, x, y, ret);
        }
    }
    return rc;
}

int peers_state(struct peers *p, size_t i, struct compare_result *ret)
{
    const struct record_step *x = &p->a->steps.v[i];
    const struct record_step *y = &p->b->steps.v[i];
    int rc = 0;

    if (!x->has_regions || !y->has_regions) {
        return 0;
    }
    if (!p->seen || !same_slice(p->seen_a, x->regions) || !same_slice(p->seen_b, y->regions)) {
        rc = compare_regions(p, i, ret);
        p->seen_a = x->regions;
        p->seen_b = y->regions;
        p->seen = rc == 0 && ret->verdict != COMPARE_FINDING;
    }
    return rc == 0 && ret->verdict != COMPARE_FINDING ? compare_digests(p, i, ret) : rc;
}
