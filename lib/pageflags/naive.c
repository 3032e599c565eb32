/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world of 64 guest pages that ends at the top of the 64-bit space, where arithmetic wraps. Each
 * change takes four bytes of the input; after each one every page and every question is compared.
 */
#include "pageflags/naive.h"

#include <stdio.h>
#include <string.h>

#include "pageflags/pageflags.h"

#define PAGE UINT64_C(4096)
#define PAGES 64
#define BASE (UINT64_MAX - PAGES * PAGE + 1)

struct naive {
    struct page_info page[PAGES]; /* flags 0: free; offset is the page's own */
};

static struct range pages(unsigned first, unsigned last)
{
    return (struct range){BASE + first * PAGE, BASE + last * PAGE + (PAGE - 1)};
}

static bool same_info(const struct page_info *a, const struct page_info *b)
{
    return a->flags == b->flags && a->kind == b->kind && a->shared == b->shared &&
           a->snapshot == b->snapshot && a->copied == b->copied && a->extra == b->extra &&
           a->object == b->object && a->offset == b->offset;
}

static struct page_info info_from(uint8_t seed)
{
    static const uint8_t flags[] = {PAGE_VALID, PAGE_VALID | PAGE_READ,
                                    PAGE_VALID | PAGE_READ | PAGE_WRITE | PAGE_WRITE_ORG,
                                    PAGE_VALID | PAGE_READ | PAGE_EXEC};
    struct page_info info = {.flags = flags[seed & 3]};

    if (seed & 4) {
        info.kind = REGION_FILE;
        info.object = 1 + ((seed >> 3) & 1);
        info.offset = ((seed >> 4) & 3) * PAGE;
        info.shared = seed >> 7;
    }
    return info;
}

static void apply(struct naive *n, struct pageflags *pf, const uint8_t *step)
{
    unsigned first = step[1] % PAGES;
    unsigned last = first + step[2] % (PAGES - first);
    struct page_info info = info_from(step[3]);

    switch (step[0] % 3) {
    case 0:
        pageflags_set(pf, pages(first, last), &info);
        for (unsigned i = first; i <= last; i++) {
            n->page[i] = info;
            n->page[i].offset += info.object ? (i - first) * PAGE : 0;
        }
        break;
    case 1:
        pageflags_unset(pf, pages(first, last));
        memset(&n->page[first], 0, (last - first + 1) * sizeof(n->page[0]));
        break;
    default:
        pageflags_update(pf, pages(first, last), PAGE_READ | PAGE_EXEC, step[3] & PAGE_READ);
        for (unsigned i = first; i <= last; i++) {
            if (n->page[i].flags) {
                n->page[i].flags &= (uint8_t) ~(PAGE_READ | PAGE_EXEC);
                n->page[i].flags |= step[3] & PAGE_READ;
            }
        }
    }
}

static bool page_agrees(const struct naive *n, const struct pageflags *pf, unsigned i)
{
    uint64_t at = BASE + i * PAGE;
    struct page_run run;
    struct page_info info;

    if (pageflags_get(pf, at + 17) != n->page[i].flags) {
        return false;
    }
    if (!pageflags_lookup(pf, at, &run)) {
        return n->page[i].flags == 0;
    }
    info = run.info;
    info.offset += info.object ? at - run.r.start : 0;
    return range_has(run.r, at) && same_info(&info, &n->page[i]);
}

static bool range_agrees(const struct naive *n, const struct pageflags *pf, unsigned first,
                         unsigned last)
{
    bool any = false;
    bool all = true;

    for (unsigned i = first; i <= last; i++) {
        any = any || n->page[i].flags;
        all = all && n->page[i].flags;
    }
    return pageflags_any(pf, pages(first, last)) == any &&
           pageflags_all(pf, pages(first, last)) == all;
}

/* Lowest or highest place for COUNT free pages; PAGES if there is none. */
static unsigned naive_find(const struct naive *n, unsigned count, bool from_top)
{
    for (unsigned k = 0; k + count <= PAGES; k++) {
        unsigned at = from_top ? PAGES - count - k : k;
        unsigned i = 0;

        while (i < count && n->page[at + i].flags == 0) {
            i++;
        }
        if (i == count) {
            return at;
        }
    }
    return PAGES;
}

static bool find_agrees(const struct naive *n, const struct pageflags *pf, unsigned count,
                        bool from_top)
{
    uint64_t got;
    unsigned want = naive_find(n, count, from_top);

    if (!pageflags_find_free(pf, pages(0, PAGES - 1), count * PAGE, PAGE, PAGE, from_top, &got)) {
        return want == PAGES;
    }
    return want != PAGES && got == BASE + want * PAGE;
}

static const char *first_difference(const struct naive *n, const struct pageflags *pf,
                                    const uint8_t *step)
{
    unsigned first = step[1] % PAGES;
    unsigned last = first + step[2] % (PAGES - first);
    const char *wrong = pageflags_check(pf);

    if (wrong) {
        return wrong;
    }
    for (unsigned i = 0; i < PAGES; i++) {
        if (!page_agrees(n, pf, i)) {
            return "a page differs";
        }
    }
    if (!range_agrees(n, pf, first, last)) {
        return "any or all differs";
    }
    if (!find_agrees(n, pf, 1 + step[2] % PAGES, step[3] & 1)) {
        return "find_free differs";
    }
    return NULL;
}

int pageflags_naive_check(const uint8_t *data, size_t len)
{
    struct naive n = {0};
    struct pageflags *pf = pageflags_new(PAGE);
    const char *wrong = NULL;

    for (size_t at = 0; pf && !wrong && at + 4 <= len; at += 4) {
        if (pageflags_reserve(pf, 1) < 0) {
            break;
        }
        apply(&n, pf, data + at);
        wrong = first_difference(&n, pf, data + at);
        if (wrong) {
            fprintf(stderr, "twinmap-finding: pageflags/naive: %s after change %zu\n", wrong,
                    at / 4);
        }
    }
    pageflags_free(pf);
    return wrong ? 1 : 0;
}
