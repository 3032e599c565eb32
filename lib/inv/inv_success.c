/* SPDX-License-Identifier: GPL-2.0-or-later */
/* success-effect: a success that the state allows, its value, and exactly its page flags. */
#include "inv/inv_flags.h"

#include <inttypes.h>

static bool rejected(struct range where, const char *why, struct inv_violation *ret)
{
    return inv_say_at(ret, where, "the call succeeded although %s", why);
}

/* ---- what F before the call must have been ---- */

static bool mprotect_impossible(const struct inv_view *v, struct inv_violation *ret)
{
    const struct region_vec *flags = v->ctx->flags_before;
    uint64_t hole;

    if (!v->has_range) {
        return false;
    }
    if (v->is_linux && !inv_all_valid(flags, v->range, &hole)) {
        return rejected((struct range){hole, v->range.last}, "there is a hole in its range", ret);
    }
    for (size_t i = region_lower_bound(flags, v->range.start);
         (v->prot & REGION_W) && i < flags->n && flags->v[i].r.start <= v->range.last; i++) {
        /* limit:shared-ro-snapshot says EACCES */
        if (flags->v[i].snapshot) {
            return rejected(flags->v[i].r, "a snapshot can never be written", ret);
        }
    }
    return false;
}

static bool msync_impossible(const struct inv_view *v, struct inv_violation *ret)
{
    struct range r = v->range;
    uint64_t hole;

    if (!v->has_range) {
        if (v->is_linux) {
            return false;
        }
        r = range_widen((struct range){inv_arg(v, 0), inv_arg(v, 0)}, v->guest_page);
    }
    if (!inv_all_valid(v->ctx->flags_before, r, &hole)) {
        return rejected((struct range){hole, r.last}, "there is a hole in its range", ret);
    }
    return false;
}

static bool mremap_impossible(const struct inv_view *v, struct inv_violation *ret)
{
    const struct region_vec *flags = v->ctx->flags_before;
    uint64_t old = inv_arg(v, 0);
    uint64_t old_len = v->has_from ? range_len(v->from) : 0;
    uint64_t new_len = v->has_range ? range_len(v->range) : 0;
    const struct region *first = region_find(flags, old);
    struct range r;
    uint64_t hole;

    if (!(inv_flags(first) & PAGE_VALID)) {
        return rejected((struct range){old, old}, "nothing is mapped at its old address", ret);
    }
    if (old_len == 0 && !first->shared && !first->snapshot) {
        return rejected((struct range){old, old}, "a private map cannot be had twice", ret);
    }
    if (v->has_from && new_len > old_len && !inv_all_valid(flags, v->from, &hole)) {
        return rejected((struct range){hole, v->from.last}, "it grows a range with a hole", ret);
    }
    if (v->out->value != old || v->fixed) {
        return false;
    }
    if (old_len && new_len > old_len && range_from_len(old + old_len, new_len - old_len, &r) &&
        inv_any_valid(flags, r)) {
        return rejected(r, "there is no room to grow in place", ret);
    }
    return false;
}

/* An access that went through must have been allowed by F, where F rules the host page alone. */
static bool access_impossible(const struct inv_view *v, struct inv_violation *ret)
{
    struct inv_cursor c = inv_cursor(v->ctx->flags_after, v->range.start);
    uint8_t any = v->kind == OP_store ? PAGE_WRITE : PAGE_BITS;

    /* limit:subpage-prot, subpage-unmap, slack-visible, guard-frag-soft */
    bool soft = v->host_page > v->guest_page;

    for (uint64_t at = v->range.start; v->has_range;) {
        uint64_t last = v->range.last;
        uint8_t flags = inv_flags(inv_at(&c, at, &last));
        char text[INV_FLAGS_TEXT];

        if (soft ? v->kind == OP_store && inv_tb_protected(flags) : !(flags & any)) {
            return inv_say_at(ret, (struct range){at, last}, "a %s succeeded where flags are %s",
                              op_descs[v->kind].name, inv_flags_text(flags, text));
        }
        if (last == v->range.last) {
            break;
        }
        at = last + 1;
    }
    return false;
}

static bool exec_impossible(const struct inv_view *v, struct inv_violation *ret)
{
    const struct region *r = region_find(v->ctx->flags_before, inv_arg(v, 0));

    if ((inv_flags(r) & (PAGE_VALID | PAGE_EXEC)) != (PAGE_VALID | PAGE_EXEC)) {
        return rejected(v->range, "the page is not VALID with X", ret);
    }
    return false;
}

static bool impossible(const struct inv_view *v, struct inv_violation *ret)
{
    uint64_t hole;

    if (v->must_fail) {
        return inv_say(ret, "the call succeeded although %s", v->must_fail);
    }
    switch (v->kind) {
    case OP_mmap:
        return v->excl && v->has_range && inv_any_valid(v->ctx->flags_before, v->range) &&
               rejected(v->range, "it is exclusive and a page was mapped", ret);
    case OP_mprotect:
        return mprotect_impossible(v, ret);
    case OP_msync:
        return msync_impossible(v, ret);
    case OP_madvise:
        return v->is_linux && v->has_range &&
               !inv_all_valid(v->ctx->flags_before, v->range, &hole) &&
               rejected((struct range){hole, v->range.last}, "there is a hole in its range", ret);
    case OP_mremap:
        return mremap_impossible(v, ret);
    case OP_store:
    case OP_load:
        return access_impossible(v, ret);
    case OP_exec:
        return exec_impossible(v, ret);
    default:
        return false;
    }
}

/* ---- the value ---- */

static bool value_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    uint64_t value = v->out->value;
    uint64_t want = 0;

    switch (v->kind) {
    case OP_mmap:
        if (!v->fixed) {
            return false;
        }
        want = inv_arg(v, 0);
        break;
    case OP_mremap:
        if (v->fixed) {
            want = inv_arg(v, 4);
        } else if (v->keep_old ||
                   (v->has_range && v->has_from && range_len(v->range) > range_len(v->from))) {
            return false;
        } else {
            want = inv_arg(v, 0);
        }
        break;
    case OP_munmap:
    case OP_mprotect:
    case OP_msync:
    case OP_madvise:
        break;
    default:
        return false;
    }
    return value != want &&
           inv_say(ret, "the result is 0x%" PRIx64 ", must be 0x%" PRIx64, value, want);
}

/* ---- the flags ---- */

static bool mmap_book_wrong(const struct inv_view *v, struct inv_violation *ret)
{
    const struct region_vec *after = v->ctx->flags_after;
    bool strict = v->host_page == v->guest_page && v->space->real_page == v->guest_page;
    uint8_t kind = v->guard ? REGION_GUARD : v->anon ? REGION_ANON : REGION_FILE;
    struct range r;

    if (!inv_range_in_window(v, &r)) {
        return false;
    }
    for (size_t i = region_lower_bound(after, r.start);
         i < after->n && after->v[i].r.start <= r.last; i++) {
        const struct region *a = &after->v[i];
        struct range where = range_cut(a->r, r);

        /* limit:shared-ro-snapshot: below a host page, without W */
        if (a->snapshot && (strict || v->anon || !v->shared || (v->prot & REGION_W))) {
            return inv_say_at(ret, where, "a map that must be the object itself is a snapshot");
        }
        if (!a->snapshot && a->shared != v->shared) {
            return inv_say_at(ret, where, "the book says %s of a %s map",
                              a->shared ? "shared" : "private", v->shared ? "shared" : "private");
        }
        /* Read in or spliced, a file's page may be booked as the anonymous memory it then is. */
        if (a->kind != kind && (strict || kind != REGION_FILE || a->kind != REGION_ANON)) {
            return inv_say_at(ret, where, "the book has the wrong kind of memory");
        }
    }
    return false;
}

static void mremap_edits(const struct inv_view *v, struct inv_edits *list)
{
    const struct region_vec *before = v->ctx->flags_before;
    uint64_t old = inv_arg(v, 0);
    uint64_t old_len = v->has_from ? range_len(v->from) : 0;
    uint64_t new_len = v->has_range ? range_len(v->range) : 0;
    uint64_t kept = u64_min(old_len, new_len);
    uint64_t at = v->out->value;
    uint8_t last = inv_flags(region_find(before, kept ? old + kept - 1 : old));
    struct range r;

    if (kept && at != old) {
        inv_edit_add(v, list,
                     (struct inv_edit){{at, at + kept - 1}, INV_MOVE, 0, old, "moved here"});
    }
    if (range_from_len(at + kept, new_len - kept, &r)) {
        inv_edit_add(v, list,
                     (struct inv_edit){r, INV_SET, last, 0, "as the last page it grew from"});
    }
    if (at != old && v->has_from && !v->keep_old) {
        inv_edit_add(v, list, (struct inv_edit){v->from, INV_SET, 0, 0, "moved away"});
    } else if (at == old && range_from_len(old + kept, old_len - kept, &r)) {
        inv_edit_add(v, list, (struct inv_edit){r, INV_SET, 0, 0, "cut off"});
    }
}

static void collect_edits(const struct inv_view *v, struct inv_edits *list)
{
    uint8_t flags = inv_flags_for(v->prot);

    list->n = 0;
    if (v->kind == OP_mremap) {
        mremap_edits(v, list);
        return;
    }
    if (!v->has_range) {
        return;
    }
    switch (v->kind) {
    case OP_mmap:
        inv_edit_add(v, list, (struct inv_edit){v->range, INV_SET, flags, 0, "mapped by the call"});
        break;
    case OP_munmap:
        inv_edit_add(v, list, (struct inv_edit){v->range, INV_SET, 0, 0, "unmapped by the call"});
        break;
    case OP_mprotect:
        inv_edit_add(v, list,
                     (struct inv_edit){v->range, INV_PROTECT, flags, 0, "the rights asked for"});
        break;
    case OP_exec:
        inv_edit_add(v, list, (struct inv_edit){v->range, INV_TRANSLATE, 0, 0, "translated"});
        break;
    default:
        break;
    }
}

bool inv_success_effect(const struct inv_view *v, struct inv_violation *ret)
{
    struct inv_edits list;

    if (!v->ok || v->kind == OP_fork) {
        return false;
    }
    if (impossible(v, ret) || value_wrong(v, ret)) {
        return true;
    }
    collect_edits(v, &list);
    return inv_edits_differ(v, &list, ret) || (v->kind == OP_mmap && mmap_book_wrong(v, ret));
}
