/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of outcomes: which refusals and which successes are not a kernel's and yet excused. */
#include "inv/limit.h"

#include <string.h>

#include "inv/limit_priv.h"

enum {
    SCRATCH_MAX = 64 << 20, /* bytes of copies in one call */
    ERRNO_MAX = 4095,
    MAP_DROPPABLE = 8, /* Linux 6.11: a sharing type */
    /* Linux 5.14, 6.1: advice that is refused where it cannot be followed. */
    ADVICE_POPULATE_READ = 22,
    ADVICE_POPULATE_WRITE = 23,
    ADVICE_COLLAPSE = 25,
};

const struct limit_desc limit_descs[LIMIT_COUNT] = {
#define LIMIT(id, name, where, scope, reason) {name, where, scope, reason},
#include "inv/limit.def"
#undef LIMIT
};

enum limit_id limit_find(const char *name)
{
    unsigned id = 0;

    while (id < LIMIT_COUNT && strcmp(limit_descs[id].name, name) != 0) {
        id++;
    }
    return (enum limit_id)id;
}

static unsigned where_am_i(const struct inv_ctx *s)
{
    const struct space *sp = s->space;

    return (sp->host_page > sp->guest_page ? LIMIT_GT : 0u) |
           (sp->real_page < sp->guest_page ? LIMIT_LT : 0u) |
           (s->system == ABI_LINUX ? LIMIT_LINUX : LIMIT_FREEBSD) |
           (sp->reserved_va == 0 ? LIMIT_PROBE : 0u) | (sp->guest_base > 0 ? LIMIT_BASED : 0u);
}

enum limit_id limit_if(const struct limit_ctx *c, enum limit_id id, bool excused)
{
    return excused && !(c->off & limit_bit(id)) && !(limit_descs[id].where & ~where_am_i(c->step))
               ? id
               : LIMIT_NONE;
}

/* What the host refuses because it was asked nonsense is the layer's own mistake. */
static bool nonsense(const struct trace_call *c)
{
    int err = c->injected ? 0 : abi_errno_from_host(c->err);

    return err == ABI_EINVAL || err == ABI_EFAULT;
}

bool limit_host_failed(const struct inv_view *v)
{
    for (size_t i = 0; i < v->step->calls.n; i++) {
        if (v->step->calls.v[i].err && !nonsense(&v->step->calls.v[i])) {
            return true;
        }
    }
    return false;
}

/* ---- what a call asks for ---- */

static uint32_t map_flags(const struct inv_view *v)
{
    return v->kind == OP_mmap ? (uint32_t)inv_arg(v, 3) : 0;
}

static bool is_stack(const struct inv_view *v)
{
    return map_flags(v) & (v->is_linux ? LINUX_MAP_GROWSDOWN : FREEBSD_MAP_STACK);
}

static uint32_t remap_flags(const struct inv_view *v)
{
    return v->kind == OP_mremap ? (uint32_t)inv_arg(v, 3) : 0;
}

/* mmap of a file that host pages cannot show at its place as it is: read-in, or a fragment. */
static bool needs_copy(const struct inv_view *v)
{
    if (v->placed) { /* the alignment asked for and the offset exclude each other */
        uint64_t unit = u64_min(v->align ? v->align : 1, v->host_page);

        return !u64_is_aligned((v->offset & (v->host_page - 1)) - v->rem, unit);
    }
    return v->has_range &&
           (((v->range.start - v->offset) & (v->host_page - 1)) ||
            (v->range.start & (v->host_page - 1)) || ((v->range.last + 1) & (v->host_page - 1)));
}

/* mmap of a file that cannot be read. */
static bool write_only(const struct inv_view *v)
{
    int64_t file = v->step->args.file;

    return file >= 0 && (size_t)file < v->ctx->prog->files.n &&
           v->ctx->prog->files.v[file].open == PROG_WRONLY;
}

/* Any page of R that books as a shared object itself, with the rights WANT. */
static bool any_shared(const struct inv_view *v, struct range r, uint8_t want)
{
    const struct region_vec *f = v->ctx->flags_before;

    for (size_t i = region_lower_bound(f, r.start); i < f->n && f->v[i].r.start <= r.last; i++) {
        if (f->v[i].shared && !f->v[i].snapshot && (f->v[i].flags & want) == want) {
            return true;
        }
    }
    return false;
}

static bool any_snapshot(const struct inv_view *v, struct range r)
{
    const struct region_vec *f = v->ctx->flags_before;

    for (size_t i = region_lower_bound(f, r.start); i < f->n && f->v[i].r.start <= r.last; i++) {
        if (f->v[i].snapshot) {
            return true;
        }
    }
    return false;
}

/* A page of an object, copied or not. */
static bool any_object(const struct inv_view *v, struct range r)
{
    const struct region_vec *f = v->ctx->flags_before;

    for (size_t i = region_lower_bound(f, r.start); i < f->n && f->v[i].r.start <= r.last; i++) {
        if (f->v[i].object != 0 || f->v[i].kind == REGION_FILE) {
            return true;
        }
    }
    return false;
}

/* The parts of R's edge host pages that lie outside R: at most two. */
static size_t neighbours(const struct inv_view *v, struct range r, struct range ret[2])
{
    struct range wide = inv_host_pages(v, r);
    size_t n = 0;

    if (wide.start < r.start) {
        ret[n++] = (struct range){wide.start, r.start - 1};
    }
    if (wide.last > r.last) {
        ret[n++] = (struct range){r.last + 1, wide.last};
    }
    return n;
}

/* MEMORY that is shared comes into a host page with other pages, or other pages are shared. */
static bool mixes(const struct inv_view *v, struct range r, bool shared)
{
    struct range side[2];
    size_t n = neighbours(v, r, side);

    for (size_t i = 0; i < n; i++) {
        if (any_shared(v, side[i], 0) || (shared && inv_any_valid(v->ctx->flags_before, side[i]))) {
            return true;
        }
    }
    return false;
}

/* ---- refusals ---- */

static bool allows(const struct limit_allowed *a, int err)
{
    for (size_t i = 0; i < a->n_errs; i++) {
        if (a->errs[i] == err) {
            return true;
        }
    }
    return false;
}

/* The host refused a file map whose last page there would end where file offsets end. */
static bool at_offset_end(const struct inv_view *v)
{
    uint64_t last;

    return v->kind == OP_mmap && !v->anon && !v->guard && inv_host_said(v, v->out->err) &&
           u64_add(inv_arg(v, 5), u64_max(inv_arg(v, 1), 1) - 1, &last) && last <= INT64_MAX &&
           (last | (v->space->real_page - 1)) >= INT64_MAX;
}

static enum limit_id refused_mmap(const struct limit_ctx *c, const struct inv_view *v, int err)
{
    bool file = !v->anon && !v->guard;

    if (err == ABI_EINVAL && file && v->shared && (v->prot & REGION_W)) {
        return limit_if(c, LIMIT_ID_SHARED_FRAG_REFUSED, needs_copy(v));
    }
    if (err == ABI_EINVAL && v->fixed && v->has_range) {
        return limit_if(c, LIMIT_ID_MIXED_BACKING_REFUSED, mixes(v, v->range, v->shared && !file));
    }
    if (err == ABI_EACCES && file) {
        return limit_if(c, LIMIT_ID_WRITE_ONLY_COPY, needs_copy(v) && write_only(v));
    }
    if (err == ABI_ENOMEM && file && v->fixed && v->has_range && needs_copy(v) &&
        range_len(v->range) > SCRATCH_MAX) {
        return limit_if(c, LIMIT_ID_SCRATCH_BOUNDED, true);
    }
    if (err == ABI_ENOMEM && file && v->placed && v->align > 1 &&
        !u64_is_aligned(inv_arg(v, 5) & (v->host_page - 1), v->align) && v->block > SCRATCH_MAX) {
        return limit_if(c, LIMIT_ID_SCRATCH_BOUNDED, true); /* aligned, so not congruent */
    }
    if ((err == ABI_ENOMEM || err == ABI_EEXIST) && v->excl) {
        /* What is in the way is the emulator's: the host has seen it. */
        return limit_if(c, LIMIT_ID_PROBE_BEST_EFFORT, inv_host_said(v, ABI_EEXIST));
    }
    return LIMIT_NONE;
}

/* The range that FROM becomes if it grows where it is has other pages in its host pages. */
static bool grows_into_others(const struct inv_view *v, struct range from)
{
    struct range side[2];
    struct range grown;

    return !(remap_flags(v) & ABI_MREMAP_MAYMOVE) &&
           (!range_from_len(from.start, inv_arg(v, 2), &grown) ||
            neighbours(v, range_widen(grown, v->guest_page), side) != 0);
}

/*
 * The last page of FROM is the object itself and fills its host page to the end, other pages are in
 * neither host page at the ends, and whatever the destination is, it lies alike in its host page.
 */
static bool can_grow(const struct inv_view *v, struct range from)
{
    const struct region *book = region_find(v->ctx->flags_before, from.last);
    const struct region *host =
        v->ctx->host_before ? region_find(v->ctx->host_before, from.last) : NULL;
    struct range side[2];

    if (v->host_page == v->guest_page) {
        return false; /* where EOF and its splice are, a layer may not be able to read */
    }
    return book && host && !book->snapshot && !v->ctx->no_remap && host->shared == book->shared &&
           (book->kind == REGION_FILE) == (host->kind == REGION_FILE) &&
           u64_is_aligned(from.start, v->host_page) && neighbours(v, from, side) == 0 &&
           !grows_into_others(v, from) &&
           !(v->fixed && v->has_range && neighbours(v, v->range, side) != 0);
}

static enum limit_id refused_mremap(const struct limit_ctx *c, const struct inv_view *v, int err)
{
    struct range from = v->has_from ? v->from : (struct range){inv_arg(v, 0), inv_arg(v, 0)};
    uint64_t from_len = v->has_from ? range_len(v->from) : 0;
    bool grows = v->has_range && range_len(v->range) > from_len;
    enum limit_id id = LIMIT_NONE;

    if (err == ABI_EINVAL) {
        id = limit_if(c, LIMIT_ID_SHARED_FRAG_REFUSED, any_shared(v, from, PAGE_WRITE_ORG));
    }
    if (id == LIMIT_NONE && err == ABI_EINVAL) {
        id = limit_if(c, LIMIT_ID_MIXED_BACKING_REFUSED,
                      mixes(v, from, any_shared(v, from, 0)) ||
                          (v->has_range && mixes(v, v->range, any_shared(v, from, 0))));
    }
    if (id == LIMIT_NONE && err == ABI_ENOMEM && grows && !v->fixed && v->has_from) {
        /* In place, into a host page that others have. */
        struct range grown = {v->from.last + 1, v->from.start + (range_len(v->range) - 1)};

        id = limit_if(c, LIMIT_ID_MIXED_BACKING_REFUSED, mixes(v, grown, any_shared(v, from, 0)));
    }
    if (id == LIMIT_NONE && err == ABI_ENOMEM && grows) {
        bool unlike = v->host_page > v->guest_page || v->space->real_page < v->guest_page;

        id = limit_if(c, LIMIT_ID_COPY_NO_GROWTH,
                      unlike && any_object(v, from) && !can_grow(v, from));
    }
    if (id == LIMIT_NONE && err == ABI_ENOMEM && from_len > SCRATCH_MAX) {
        id = limit_if(c, LIMIT_ID_SCRATCH_BOUNDED, v->host_page > v->guest_page);
    }
    return id;
}

/*
 * Of a snapshot there can be no second map that shows the same object, and what is one mapping to
 * the guest may be in part the object itself.
 */
static enum limit_id snapshot_moved(const struct limit_ctx *c, const struct inv_view *v,
                                    const struct limit_allowed *allowed)
{
    struct range from = v->has_from ? v->from : (struct range){inv_arg(v, 0), inv_arg(v, 0)};

    return limit_if(c, LIMIT_ID_SHARED_RO_SNAPSHOT,
                    any_snapshot(v, from) && (!v->has_from || allows(allowed, ABI_EFAULT)));
}

static enum limit_id no_room(const struct limit_ctx *c, const struct inv_view *v, int err)
{
    struct range room;
    enum limit_id id;

    if (err != ABI_ENOMEM || !v->placed) {
        return LIMIT_NONE;
    }
    id = limit_if(c, LIMIT_ID_HOST_PAGE_ROOM, !inv_room_left(v, &room));
    /* Only who has probed may say that nothing was found. */
    return id != LIMIT_NONE ? id
                            : limit_if(c, LIMIT_ID_PROBE_BEST_EFFORT,
                                       v->step->calls.n > 0 && !limit_host_failed(v));
}

static enum limit_id refusal(const struct limit_ctx *c, const struct inv_view *v)
{
    enum limit_id id = LIMIT_NONE;
    int err = v->out->err;

    /* A layer refuses before it asks the host: what the host said is another matter. */
    if (err == ABI_EINVAL && inv_host_said(v, err)) {
        return LIMIT_NONE;
    }
    switch (v->kind) {
    case OP_mmap:
        id = refused_mmap(c, v, err);
        break;
    case OP_mremap:
        id = refused_mremap(c, v, err);
        break;
    case OP_mprotect:
        id = limit_if(c, LIMIT_ID_SHARED_RO_SNAPSHOT,
                      err == ABI_EACCES && (v->prot & REGION_W) && v->has_range &&
                          any_snapshot(v, v->range));
        break;
    default:
        break;
    }
    return id != LIMIT_NONE ? id : no_room(c, v, err);
}

/* ---- successes ---- */

static bool populates(uint64_t advice)
{
    return advice == ADVICE_POPULATE_READ || advice == ADVICE_POPULATE_WRITE ||
           advice == ADVICE_COLLAPSE;
}

static enum limit_id success(const struct limit_ctx *c, const struct inv_view *v,
                             const struct limit_allowed *allowed)
{
    if (allowed->may_succeed) {
        /* With another value. */
        return limit_if(c, LIMIT_ID_PLACEMENT_ADDRESS, v->placed && allowed->place_legal);
    }
    switch (v->kind) {
    case OP_mmap:
        if (is_stack(v)) {
            return limit_if(c, LIMIT_ID_STACK_PLAIN,
                            allows(allowed, ABI_ENOMEM) || allows(allowed, ABI_EINVAL));
        }
        __attribute__((fallthrough));
    case OP_mremap:
        return limit_if(c, LIMIT_ID_MIN_ADDR_FIXED,
                        v->fixed && v->has_range && v->range.start < v->space->min_addr &&
                            allows(allowed, ABI_EPERM));
    case OP_mprotect:
        return limit_if(c, LIMIT_ID_PROT_MAX_UNENFORCED, allows(allowed, ABI_EACCES));
    case OP_madvise:
        if (v->is_linux && inv_arg(v, 2) == LINUX_MADV_REMOVE && v->has_range) {
            return limit_if(c, LIMIT_ID_SHARED_RO_SNAPSHOT, any_snapshot(v, v->range));
        }
        if (v->is_linux && populates(inv_arg(v, 2))) {
            return limit_if(c, LIMIT_ID_ADVICE_IGNORED, true);
        }
        return limit_if(c, LIMIT_ID_MAP_FLAGS_WIDENED,
                        v->is_linux && inv_arg(v, 2) == LINUX_MADV_DONTNEED &&
                            allows(allowed, ABI_EINVAL));
    default:
        return LIMIT_NONE;
    }
}

enum limit_id limit_outcome(const struct limit_ctx *c, const struct limit_allowed *allowed)
{
    struct inv_view v;
    enum limit_id id = LIMIT_NONE;

    inv_view_init(&v, c->step);
    if (v.ok) {
        id = success(c, &v, allowed);
        return id == LIMIT_NONE && v.kind == OP_mremap ? snapshot_moved(c, &v, allowed) : id;
    }
    if (!v.failed) {
        return LIMIT_NONE;
    }
    if (v.out->err == ABI_EINVAL && (remap_flags(&v) & ABI_MREMAP_DONTUNMAP)) {
        id = limit_if(c, LIMIT_ID_DONTUNMAP_UNKNOWN, true);
    }
    if (v.kind == OP_mmap && v.is_linux && v.out->err == ABI_EINVAL &&
        (inv_arg(&v, 3) & LINUX_MAP_TYPE) == MAP_DROPPABLE) {
        id = limit_if(c, LIMIT_ID_DROPPABLE_UNKNOWN, true);
    }
    if (v.kind == OP_mmap && v.fixed && v.out->err == ABI_ENOMEM) {
        id = limit_if(c, LIMIT_ID_FIXED_TOP_ENOMEM, inv_arg(&v, 0) > UINT64_MAX - ERRNO_MAX);
    }
    if (id == LIMIT_NONE && v.out->err == (v.is_linux ? ABI_EOVERFLOW : ABI_EINVAL)) {
        id = limit_if(c, LIMIT_ID_OFFSET_END, at_offset_end(&v));
    }
    if (id == LIMIT_NONE && v.kind == OP_madvise && v.is_linux &&
        inv_arg(&v, 2) == LINUX_MADV_DONTNEED && v.out->err == ABI_EINVAL) {
        id = limit_if(c, LIMIT_ID_MAP_FLAGS_WIDENED,
                      v.host_page > v.guest_page && inv_host_said(&v, ABI_EINVAL));
    }
    if (id == LIMIT_NONE && v.kind == OP_madvise && v.has_range &&
        (allows(allowed, ABI_EACCES) || allows(allowed, ABI_EINVAL))) {
        /* A private map in the kernel's eyes has another answer: of a file, or of no file. */
        id = limit_if(c, LIMIT_ID_SHARED_RO_SNAPSHOT,
                      inv_arg(&v, 2) == LINUX_MADV_REMOVE && any_snapshot(&v, v.range));
    }
    if (id == LIMIT_NONE && v.kind == OP_madvise && v.has_range && v.out->err == ABI_EINVAL) {
        /* To the layer a snapshot is shared still, and locked: some advice is refused for that. */
        id = limit_if(c, LIMIT_ID_SHARED_RO_SNAPSHOT, any_snapshot(&v, v.range));
    }
    if (id == LIMIT_NONE && v.kind == OP_msync && v.has_range && v.out->err == ABI_EBUSY) {
        /* Whether a snapshot that was moved is locked, its host alone knows. */
        id = limit_if(c, LIMIT_ID_SHARED_RO_SNAPSHOT, any_snapshot(&v, v.range));
    }
    if (id == LIMIT_NONE && v.kind == OP_mremap) {
        id = snapshot_moved(c, &v, allowed);
    }
    if (id == LIMIT_NONE && v.kind == OP_madvise && v.is_linux && v.out->err == ABI_ENOMEM) {
        /* A kernel stops at the first page that it cannot populate, before a hole. */
        id = limit_if(c, LIMIT_ID_ADVICE_IGNORED, populates(inv_arg(&v, 2)));
    }
    /* A layer refuses before it looks for room, and looks for room of a stack of any size. */
    if (id == LIMIT_NONE && (allowed->may_succeed || allows(allowed, ABI_ENOMEM) ||
                             (v.kind == OP_mmap && is_stack(&v) && !v.must_fail))) {
        id = refusal(c, &v);
    }
    if (id == LIMIT_NONE && limit_host_failed(&v)) {
        id = limit_if(c, LIMIT_ID_HOST_FAILED,
                      v.out->err == ABI_ENOMEM || inv_host_said(&v, v.out->err));
    }
    return id;
}

static bool advice_has_effect(uint64_t advice)
{
    switch (advice) {
    case LINUX_MADV_REMOVE:
    case LINUX_MADV_DONTFORK:
    case LINUX_MADV_DOFORK:
    case LINUX_MADV_WIPEONFORK:
    case LINUX_MADV_KEEPONFORK:
    /* Those below are where mappings begin and end. */
    case LINUX_MADV_NORMAL:
    case LINUX_MADV_RANDOM:
    case LINUX_MADV_SEQUENTIAL:
    case LINUX_MADV_MERGEABLE:
    case LINUX_MADV_UNMERGEABLE:
    case LINUX_MADV_HUGEPAGE:
    case LINUX_MADV_NOHUGEPAGE:
    case LINUX_MADV_DONTDUMP:
    case LINUX_MADV_DODUMP:
        return true;
    default:
        return false;
    }
}

enum limit_id limit_effect(const struct limit_ctx *c)
{
    struct inv_view v;

    inv_view_init(&v, c->step);
    if ((v.kind == OP_mmap || v.kind == OP_mremap) && v.failed && !is_stack(&v)) {
        return limit_if(c, LIMIT_ID_FAILURE_KEEPS, true);
    }
    if (v.kind == OP_mmap && is_stack(&v)) {
        return limit_if(c, LIMIT_ID_STACK_PLAIN, true);
    }
    if ((v.kind == OP_mmap || v.kind == OP_mremap) && v.ok && v.fixed && v.has_range) {
        return limit_if(c, LIMIT_ID_MIN_ADDR_FIXED, v.range.start < v.space->min_addr);
    }
    if (v.kind == OP_mprotect && v.failed && v.out->err == ABI_EACCES && (v.prot & REGION_W) &&
        v.has_range) {
        return limit_if(c, LIMIT_ID_SHARED_RO_SNAPSHOT, any_snapshot(&v, v.range));
    }
    if (v.kind == OP_madvise && v.is_linux) {
        return limit_if(c, LIMIT_ID_ADVICE_IGNORED, advice_has_effect(inv_arg(&v, 2)));
    }
    return LIMIT_NONE;
}
