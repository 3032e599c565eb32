/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life of a layer, and the small arithmetic everything in it shares. */
#include "flavour/layer_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"

struct layer *layer_create(void)
{
    struct layer *l = calloc(1, sizeof(*l));

    if (!l) {
        return NULL;
    }
    l->flags = pageflags_new(4096);
    if (!l->flags) {
        free(l);
        return NULL;
    }
    mmap_lock_init(&l->lock);
    return l;
}

void layer_destroy(struct layer *l)
{
    if (!l) {
        return;
    }
    pageflags_free(l->flags);
    free(l);
}

/* layer.md 1.3: where the placement searches begin. */
static gaddr unmapped_base(const struct space *s)
{
    return s->bits == 64 && sizeof(void *) == 8 ? (gaddr)1 << 38 : 0x40000000;
}

/*
 * The lowest address given to a map without FIXED: the guest's rule, and what the host can map at
 * all.
 */
static gaddr lowest_address(const struct space *s, const struct host *host)
{
    gaddr lowest = s->guest_page;

    if (flavour_facts.page_zero) {
        lowest = u64_max(lowest, s->min_addr);
    }
    if (s->guest_base < host->min_addr) {
        lowest = u64_max(lowest, host->min_addr - s->guest_base);
    }
    return u64_align_up_wrap(lowest, s->host_page);
}

int layer_start(struct layer *l, const struct layer_setup *setup)
{
    struct layer_setup own = {0};
    struct space s;

    memcpy(&own, setup, setup->size < sizeof(own) ? setup->size : sizeof(own));
    s = (struct space){
        .bits = own.bits,
        .guest_page = own.guest_page,
        .host_page = own.host_page,
        .real_page = own.real_page,
        .guest_base = own.guest_base,
        .reserved_va = own.reserved_va,
        .window_last = own.window_last,
        .min_addr = own.min_addr,
    };
    if (!own.host || own.host->page != own.real_page || space_check(&s) != NULL) {
        return -EINVAL;
    }
    l->setup = own;
    l->space = s;
    l->host = own.host;
    mmap_lock_init(&l->lock);
    pageflags_reset(l->flags, s.guest_page);
    l->lowest = lowest_address(&s, own.host);
    l->first = flavour_facts.page_zero ? 0 : s.guest_page;
    l->unmapped_base = unmapped_base(&s);
    l->mmap_next_start = l->unmapped_base;
    l->next_object = 0;
    return 0;
}

int layer_copy(struct layer *to, const struct layer *from)
{
    struct pageflags *flags = to->flags;
    int rc = pageflags_copy(flags, from->flags);

    if (rc < 0) {
        return rc;
    }
    *to = (struct layer){
        .setup = from->setup,
        .space = from->space,
        .host = from->host,
        .flags = flags,
        .lowest = from->lowest,
        .first = from->first,
        .unmapped_base = from->unmapped_base,
        .mmap_next_start = from->mmap_next_start,
        .next_object = from->next_object,
        .tb_epoch = from->tb_epoch,
    };
    mmap_lock_copy(&to->lock, &from->lock);
    return 0;
}

int layer_fail(int r)
{
    errno = -r;
    return -1;
}

bool layer_range(const struct layer *l, gaddr start, uint64_t len, struct range *ret)
{
    return start >= l->first && guest_range_valid(&l->space, start, len, ret);
}

bool layer_round_len(const struct layer *l, uint64_t len, uint64_t *ret)
{
    uint64_t rounded;

    if (len == 0 || !u64_align_up(len, l->space.guest_page, &rounded) ||
        rounded - 1 >= layer_last(l)) {
        return false;
    }
    *ret = rounded;
    return true;
}

size_t layer_count_runs(const struct layer *l, struct range r)
{
    struct page_run run;
    size_t n = 0;
    gaddr at = r.start;

    while (pageflags_next(l->flags, at, &run) && run.r.start <= r.last) {
        n++;
        if (run.r.last >= r.last) {
            break;
        }
        at = run.r.last + 1;
    }
    return n;
}

void layer_tb_invalidate(struct layer *l, struct range r)
{
    l->tb_epoch++;
    if (l->setup.tb_invalidate) {
        l->setup.tb_invalidate(l->setup.arg, r.start, r.last);
    }
}

int layer_scratch(uint64_t len, uint8_t **ret)
{
    uint8_t *p = NULL;

    if (len > SCRATCH_MAX) {
        return -ENOMEM;
    }
    if (len > 0) {
        p = calloc(1, len);
        if (!p) {
            return -ENOMEM;
        }
    }
    *ret = p;
    return 0;
}

uint64_t layer_new_object(struct layer *l)
{
    return (uint64_t)1 << 63 | ++l->next_object;
}
