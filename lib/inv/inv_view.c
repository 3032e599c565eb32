/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A step decoded: which guest pages the call names, how they are to be mapped, and whether its
 * arguments alone rule out success. The rules are those of layer.md sections 3 and 6 to 10.
 */
#include "inv/inv_priv.h"

enum {
    BSD_PROT_MASK = 0x00070007,
    LINUX_PROT_MASK = ABI_PROT_RWX | ABI_PROT_SEM,
    MREMAP_KNOWN = ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP,
};

/* FreeBSD flag bits without a meaning: refused since 11.0. */
#define BSD_FLAGS_UNKNOWN 0x00f1818cu
/*
 * Flags that may not stand beside MAP_GUARD; the two legacy bits are cleared before that is looked
 * at.
 */
#define BSD_FLAGS_NO_GUARD \
    (~(uint32_t)(FREEBSD_MAP_GUARD | FREEBSD_MAP_FIXED | FREEBSD_MAP_EXCL | FREEBSD_MAP_32BIT | \
                 FREEBSD_MAP_RESERVED0020 | FREEBSD_MAP_RESERVED0040 | FREEBSD_MAP_ALIGNED_MASK))

static void refuse(struct inv_view *v, bool wrong, const char *why)
{
    if (wrong && !v->must_fail) {
        v->must_fail = why;
    }
}

/* Whole guest pages that hold [START, START + LEN); false for an empty range or one that wraps. */
static bool pages(const struct inv_view *v, uint64_t start, uint64_t len, struct range *ret)
{
    struct range r;

    if (!range_from_len(start, len, &r)) {
        return false;
    }
    *ret = range_widen(r, v->guest_page);
    return true;
}

/*
 * A range that must lie in the window whole (for BSD, guest page 0 lies outside): else the call may
 * touch nothing.
 */
static void demand_window(struct inv_view *v, const char *why)
{
    if (v->has_range && !range_contains(v->window, v->range)) {
        refuse(v, true, why);
        v->has_range = false;
    }
}

static void decode_mmap_linux(struct inv_view *v, uint32_t flags)
{
    uint32_t type = flags & LINUX_MAP_TYPE;

    v->anon = flags & LINUX_MAP_ANONYMOUS;
    v->excl = flags & LINUX_MAP_FIXED_NOREPLACE;
    v->fixed = (flags & LINUX_MAP_FIXED) || v->excl;
    v->shared = type == LINUX_MAP_SHARED || type == LINUX_MAP_SHARED_VALIDATE;
    refuse(v, !u64_is_aligned(inv_arg(v, 5), v->guest_page), "its offset is not aligned");
    refuse(v, type == 0 || type > (v->anon ? LINUX_MAP_PRIVATE : LINUX_MAP_SHARED_VALIDATE),
           "it names no type of sharing");
    refuse(v, v->fixed && !u64_is_aligned(inv_arg(v, 0), v->guest_page),
           "its fixed address is not aligned");
}

static void decode_mmap_bsd(struct inv_view *v, uint32_t flags)
{
    unsigned exponent = flags >> FREEBSD_MAP_ALIGNED_SHIFT;
    uint64_t prot = inv_arg(v, 2);
    bool stack = flags & FREEBSD_MAP_STACK;

    v->guard = flags & FREEBSD_MAP_GUARD;
    v->anon = (flags & FREEBSD_MAP_ANONYMOUS) || stack || v->guard;
    v->excl = flags & FREEBSD_MAP_EXCL;
    v->fixed = flags & FREEBSD_MAP_FIXED;
    v->shared = flags & FREEBSD_MAP_SHARED;
    v->align = exponent > 1 && exponent < v->space->bits ? UINT64_C(1) << exponent : 0;
    refuse(v, prot & ~(uint64_t)BSD_PROT_MASK, "its protection has unknown bits");
    refuse(v, flags & BSD_FLAGS_UNKNOWN, "it has unknown flags");
    refuse(v, v->excl && !v->fixed, "it is exclusive but not fixed");
    refuse(v, v->shared && (flags & FREEBSD_MAP_PRIVATE), "it is both shared and private");
    refuse(v, !v->anon && !(flags & (FREEBSD_MAP_SHARED | FREEBSD_MAP_PRIVATE)),
           "it maps a file neither shared nor private");
    refuse(v, stack && (prot & 3) != 3, "it is a stack that cannot be read and written");
    refuse(v, v->guard && ((prot & 7) || flags & BSD_FLAGS_NO_GUARD), "it is a guard and more");
    refuse(v, v->anon && ((int)inv_arg(v, 4) != -1 || (!stack && inv_arg(v, 5))),
           "it is anonymous but names a file or an offset");
    refuse(v,
           exponent > 1 && (exponent >= v->space->bits || UINT64_C(1) << exponent < v->guest_page),
           "its alignment is below a page or beyond the address space");
}

static void refuse_by_access(struct inv_view *v)
{
    int64_t file = v->step->args.file;
    uint8_t open;

    if (v->anon) {
        return;
    }
    refuse(v, file < 0, "its descriptor is not open");
    if (file < 0 || (size_t)file >= v->ctx->prog->files.n) {
        return;
    }
    open = v->ctx->prog->files.v[file].open;
    refuse(v, open == PROG_RDONLY && v->shared && (v->prot & REGION_W),
           "it maps a read-only file shared and writable");
    refuse(v, open == PROG_WRONLY && (v->is_linux || (v->prot & REGION_R)),
           "it maps a file that cannot be read");
}

static void decode_mmap(struct inv_view *v)
{
    uint64_t len = inv_arg(v, 1);
    uint64_t start = inv_arg(v, 0);
    uint64_t total;

    v->prot = (int)(inv_arg(v, 2) & ABI_PROT_RWX);
    if (v->is_linux) {
        decode_mmap_linux(v, (uint32_t)inv_arg(v, 3));
    } else {
        decode_mmap_bsd(v, (uint32_t)inv_arg(v, 3));
    }
    v->placed = !v->fixed;
    v->offset = v->anon ? 0 : inv_arg(v, 5);
    v->rem = v->offset & (v->guest_page - 1);
    refuse_by_access(v);
    refuse(v, len == 0, "its length is 0");
    if (len == 0 || !u64_add(len, v->offset & (v->host_page - 1), &total) ||
        !u64_align_up(total, v->host_page, &v->block)) {
        v->block = 0;
    }
    if (v->placed && v->ok) {
        start = v->out->value;
    }
    if (v->fixed || v->ok) {
        v->has_range = !__builtin_sub_overflow(start, v->rem, &start) &&
                       u64_add(len, v->rem, &total) && pages(v, start, total, &v->range);
        refuse(v, v->fixed && !v->is_linux && !u64_is_aligned(start, v->guest_page),
               "its fixed address does not fit its offset");
        refuse(v, v->fixed && len && !v->has_range, "its range wraps");
        if (v->fixed) {
            demand_window(v, "its range leaves the window");
        }
    }
}

/* All ones in the guest's width. */
static uint64_t width(const struct inv_view *v)
{
    return v->space->bits == 32 ? UINT32_MAX : UINT64_MAX;
}

/* START and LEN as a kernel rounds them: whole guest pages, in the guest's width. */
static void decode_range(struct inv_view *v)
{
    uint64_t mask = width(v);
    uint64_t start = inv_arg(v, 0);
    uint64_t first = u64_align_down(start, v->guest_page);
    uint64_t len = u64_align_up_wrap(inv_arg(v, 1) + (start - first), v->guest_page) & mask;

    refuse(v, v->is_linux && start != first, "its address is not aligned");
    if (len == 0) {
        return;
    }
    v->has_range = range_from_len(first, len, &v->range) && v->range.last <= mask;
    refuse(v, !v->has_range, "its range wraps");
}

static void decode_munmap(struct inv_view *v)
{
    decode_range(v);
    refuse(v, inv_arg(v, 1) == 0, "its length is 0");
    refuse(v, !v->has_range && (v->is_linux || v->space->bits == 32), "its length rounds to 0");
    demand_window(v, "its range leaves the window");
}

static void decode_mprotect(struct inv_view *v)
{
    uint64_t prot = inv_arg(v, 2);
    uint64_t max = prot >> ABI_PROT_MAX_SHIFT;

    v->prot = (int)(prot & ABI_PROT_RWX);
    decode_range(v);
    if (v->is_linux) {
        refuse(v, inv_arg(v, 1) && !v->has_range, "its length rounds to 0");
        refuse(v, v->has_range && v->range.last == UINT64_MAX, "its range wraps");
        refuse(v, inv_arg(v, 1) && (prot & ~(uint64_t)LINUX_PROT_MASK),
               "its protection has unknown bits");
        return;
    }
    refuse(v, prot & ~(uint64_t)BSD_PROT_MASK, "its protection has unknown bits");
    refuse(v, max && (prot & ABI_PROT_RWX & ~max), "its protection exceeds its own maximum");
}

static void decode_msync(struct inv_view *v)
{
    uint64_t flags = inv_arg(v, 2);

    decode_range(v);
    if (v->is_linux) {
        refuse(v, flags & ~(uint64_t)7, "it has unknown flags");
        refuse(v, (flags & 5) == 5, "it is both synchronous and asynchronous");
    } else {
        refuse(v, (flags & 3) == 3, "it is asynchronous and invalidates");
    }
}

static void refuse_mremap(struct inv_view *v, uint64_t new_len)
{
    uint64_t flags = inv_arg(v, 3);
    bool moves = flags & ABI_MREMAP_MAYMOVE;

    refuse(v, flags & ~(uint64_t)MREMAP_KNOWN, "it has unknown flags");
    refuse(v, !u64_is_aligned(inv_arg(v, 0), v->guest_page), "its old address is not aligned");
    refuse(v, new_len == 0, "its new size is 0 or wraps");
    refuse(v, new_len && new_len - 1 > v->window.last, "its new size is above the window");
    refuse(v, (flags & (ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP)) && !moves,
           "it may not move but names how");
    if (!v->fixed || !new_len) {
        return;
    }
    refuse(v, !u64_is_aligned(inv_arg(v, 4), v->guest_page), "its new address is not aligned");
    refuse(v, !v->has_range, "its new range wraps");
    refuse(v, v->has_range && v->has_from && range_overlaps(v->range, v->from),
           "its new range overlaps the old one");
    demand_window(v, "its new range leaves the window");
}

static void decode_mremap(struct inv_view *v)
{
    uint64_t old = inv_arg(v, 0);
    uint64_t flags = inv_arg(v, 3);
    uint64_t old_len = u64_align_up_wrap(inv_arg(v, 1), v->guest_page) & width(v);
    uint64_t new_len = u64_align_up_wrap(inv_arg(v, 2), v->guest_page) & width(v);
    uint64_t at, total;

    v->fixed = flags & ABI_MREMAP_FIXED;
    v->keep_old = old_len == 0 || (flags & ABI_MREMAP_DONTUNMAP);
    v->has_from = range_from_len(old, old_len, &v->from);
    at = v->fixed ? inv_arg(v, 4) : v->ok ? v->out->value : old;
    /* A move by the layer's choice: known where to only once it succeeded. */
    v->placed =
        !v->fixed && (flags & ABI_MREMAP_MAYMOVE) && (v->ok ? at != old : new_len > old_len);
    v->has_range = range_from_len(at, new_len, &v->range);
    /*
     * A block may begin as far into a host page as the source does, so that whole host pages can
     * move.
     */
    if (!u64_add(new_len, old & (v->host_page - 1), &total) ||
        !u64_align_up(total, v->host_page, &v->block)) {
        v->block = 0;
    }
    refuse_mremap(v, new_len);
}

static void decode_calls(struct inv_view *v)
{
    for (size_t i = 0; i < v->step->calls.n; i++) {
        const struct trace_call *c = &v->step->calls.v[i];

        v->n_failed += c->err != 0;
    }
}

static void decode_op(struct inv_view *v)
{
    switch (v->kind) {
    case OP_mmap:
        decode_mmap(v);
        break;
    case OP_munmap:
        decode_munmap(v);
        break;
    case OP_mprotect:
        decode_mprotect(v);
        break;
    case OP_mremap:
        decode_mremap(v);
        break;
    case OP_msync:
        decode_msync(v);
        break;
    case OP_madvise:
        decode_range(v);
        break;
    case OP_store:
    case OP_load:
        v->has_range = pages(v, inv_arg(v, 0), inv_arg(v, 1), &v->range);
        break;
    case OP_exec:
        v->has_range = pages(v, inv_arg(v, 0), 1, &v->range);
        break;
    default:
        break;
    }
}

void inv_view_init(struct inv_view *v, const struct inv_ctx *ctx)
{
    const struct outcome *o = &ctx->step->outcome;

    *v = (struct inv_view){
        .ctx = ctx,
        .space = ctx->space,
        .step = ctx->step,
        .out = o,
        .kind = (enum op_kind)ctx->prog->ops.v[ctx->step->op].kind,
        .is_linux = ctx->system == ABI_LINUX,
        .guest_page = ctx->space->guest_page,
        .host_page = ctx->space->host_page,
        .ok = o->kind == OUTCOME_OK,
        .failed = o->kind == OUTCOME_FAIL,
        .signal = o->kind == OUTCOME_SIGNAL,
    };
    v->window = (struct range){v->is_linux ? 0 : v->guest_page, ctx->space->window_last};
    decode_calls(v);
    decode_op(v);
}

bool inv_range_in_window(const struct inv_view *v, struct range *ret)
{
    struct range window = {0, v->window.last};

    if (!v->has_range || !range_overlaps(v->range, window)) {
        return false;
    }
    *ret = range_cut(v->range, window);
    return true;
}

struct range inv_host_pages(const struct inv_view *v, struct range r)
{
    struct range wide = range_widen(r, v->host_page);

    wide.last = u64_min(wide.last, v->window.last);
    return wide;
}

gaddr inv_lowest(const struct inv_view *v)
{
    uint64_t least = v->guest_page;

    if (v->is_linux || v->space->guest_base == 0) {
        least = u64_max(least, v->space->min_addr);
    }
    return u64_align_up_wrap(least, v->host_page);
}

struct range inv_backed(const struct inv_view *v)
{
    struct range r = {0, v->window.last};

    if (v->space->guest_base == 0) {
        r.start = u64_align_up_wrap(v->space->min_addr, v->host_page);
    }
    return r;
}

bool inv_all_valid(const struct region_vec *flags, struct range r, uint64_t *hole)
{
    struct inv_cursor c = inv_cursor(flags, r.start);

    for (uint64_t at = r.start;;) {
        uint64_t last = r.last;

        if (!(inv_flags(inv_at(&c, at, &last)) & PAGE_VALID)) {
            if (hole) {
                *hole = at;
            }
            return false;
        }
        if (last == r.last) {
            return true;
        }
        at = last + 1;
    }
}

bool inv_any_valid(const struct region_vec *flags, struct range r)
{
    for (size_t i = region_lower_bound(flags, r.start); i < flags->n; i++) {
        if (flags->v[i].r.start > r.last) {
            return false;
        }
        if (flags->v[i].flags & PAGE_VALID) {
            return true;
        }
    }
    return false;
}
