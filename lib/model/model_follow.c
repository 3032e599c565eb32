/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Following what happened against the rules, so that the rest of a program stays comparable: by the
 * outcome of one call, or by books that somebody else keeps. What cannot be known becomes bytes of
 * which nobody can say anything.
 */
#include <errno.h>

#include "model/model_int.h"

static const uint32_t fixed_flag[ABI_SYSTEM_COUNT] = {LINUX_MAP_FIXED, FREEBSD_MAP_FIXED};
static const uint32_t anon_flag[ABI_SYSTEM_COUNT] = {LINUX_MAP_ANONYMOUS, FREEBSD_MAP_ANONYMOUS};
static const uint32_t shared_flag[ABI_SYSTEM_COUNT] = {LINUX_MAP_SHARED, FREEBSD_MAP_SHARED};
static const uint32_t private_flag[ABI_SYSTEM_COUNT] = {LINUX_MAP_PRIVATE, FREEBSD_MAP_PRIVATE};
/* Flags that make a map anonymous. */
static const uint32_t anon_flags[ABI_SYSTEM_COUNT] = {
    LINUX_MAP_ANONYMOUS, FREEBSD_MAP_ANONYMOUS | FREEBSD_MAP_STACK | FREEBSD_MAP_GUARD};

/* What an mremap that came from nowhere is taken for. */
static const struct region plain = {.prot = REGION_R | REGION_W};

/* The program's file that OBJECT is, or -1. */
static int file_of(const struct model *m, uint64_t object)
{
    for (size_t i = 0; object != 0 && i < m->n_files; i++) {
        uint64_t size;
        uint64_t identity = 0;

        vm_file_stat(m->vm, m->fds[i], &size, &identity);
        if (identity == object) {
            return (int)i;
        }
    }
    return -1;
}

static bool truly_shared(const struct region *g)
{
    return g->shared && !g->snapshot;
}

/* The page rights that the guest gave: TB protection takes W away but not the guest's wish. */
static uint8_t rights_of(const struct region *g)
{
    return g->prot | (g->flags & PAGE_WRITE_ORG ? REGION_W : 0);
}

/* R becomes a map like G, which begins at FROM, with bytes that nobody knows. */
static int remake(struct model *m, const struct region *g, uint64_t from, struct range r)
{
    enum abi_system system = m->setup.system;
    int file = g->snapshot ? -1 : file_of(m, g->object);
    struct vm_mmap_args a = {.addr = r.start, .len = range_len(r), .prot = rights_of(g), .fd = -1};
    int rc;

    a.flags = fixed_flag[system] | (truly_shared(g) ? shared_flag : private_flag)[system];
    if (g->kind == REGION_GUARD && system == ABI_FREEBSD) {
        a.flags = fixed_flag[system] | FREEBSD_MAP_GUARD;
        a.prot = 0;
    } else if (file >= 0) {
        a.fd = m->fds[file];
        a.offset = g->offset + (r.start - from);
    } else {
        a.flags |= anon_flag[system];
    }
    rc = vm_force_mmap(model_proc(m), &a);
    return rc < 0 ? rc : vm_undefine(model_proc(m), r);
}

/* The pages of LEN bytes at ADDR, if there are any and all are the user's. */
static bool pages_of(const struct model *m, uint64_t addr, uint64_t len, struct range *ret)
{
    if (!model_range(m, addr, len, ret)) {
        return false;
    }
    *ret = range_widen(*ret, m->setup.page);
    return true;
}

/* The same, but for what lies beyond user space. */
static bool pages_within(const struct model *m, uint64_t addr, uint64_t len, struct range *ret)
{
    uint64_t last = m->setup.last;

    return addr <= last && len > 0 && pages_of(m, addr, u64_min(len - 1, last - addr) + 1, ret);
}

/* Of mprotect: FreeBSD widens the range to whole pages, an empty one to one page. */
static bool pages_protected(const struct model *m, uint64_t addr, uint64_t len, struct range *ret)
{
    uint64_t within = addr & (m->setup.page - 1);

    return pages_within(m, addr - within, within + len, ret);
}

static int force_mmap(struct model *m, const struct op_args *args, uint64_t value)
{
    struct vm_mmap_args a = model_mmap_args(m, args);
    uint64_t residue = a.offset % m->setup.page; /* FreeBSD: the place has it too */
    struct range r;
    uint64_t size;

    if (!pages_of(m, value, a.len, &r)) {
        return 0;
    }
    if (!(a.flags & anon_flags[m->setup.system]) && !vm_file_stat(m->vm, a.fd, &size, &size)) {
        struct region g = plain;

        g.prot = a.prot & REGION_RWX;
        return remake(m, &g, r.start, r);
    }
    a.addr = r.start;
    a.len = range_len(r);
    a.offset -= residue;
    a.flags |= fixed_flag[m->setup.system];
    return vm_force_mmap(model_proc(m), &a);
}

/* By the rules, as if they had been asked to move it just there; false: they do not. */
static int move_by_rules(struct model *m, const struct vm_mremap_args *wish, uint64_t value,
                         bool *done)
{
    struct vm_answer seen = {.value = value};
    struct vm_mremap_args a = *wish;
    struct vm_reply reply;
    int rc;

    if (value != a.old_addr) {
        a.flags |= ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED;
        a.new_addr = value;
    }
    rc = vm_mremap(model_proc(m), &a, &seen, &reply);
    *done = rc == 0 && reply.allowed;
    return rc;
}

/* What is mapped within FROM is made again in TO, the last of it as often as there is room. */
static int remake_all(struct model *m, struct range from, struct range to)
{
    struct region last = m->have.n > 0 ? m->have.v[m->have.n - 1] : plain;
    /* What lies behind the last one goes on from it. */
    int rc = remake(m, &last, to.start + (last.r.start - from.start), to);

    for (size_t i = 0; i < m->have.n && rc == 0; i++) {
        const struct region *g = &m->have.v[i];
        struct range r = {to.start + (g->r.start - from.start),
                          to.start + (g->r.last - from.start)};

        if (r.start > to.last) {
            break;
        }
        r.last = u64_min(r.last, to.last);
        rc = remake(m, g, r.start, r);
    }
    return rc;
}

static int force_mremap(struct model *m, const struct op_args *args, uint64_t value)
{
    struct vm_mremap_args a = {.old_addr = args->arg[0],
                               .old_len = args->arg[1],
                               .new_len = args->arg[2],
                               .flags = (uint32_t)args->arg[3],
                               .new_addr = args->arg[4]};
    struct vm_proc *p = model_proc(m);
    struct range from = {0, 0};
    struct range to;
    bool source = pages_of(m, a.old_addr, a.old_len, &from);
    bool done;
    int rc = move_by_rules(m, &a, value, &done);

    if (rc < 0 || done || !pages_of(m, value, a.new_len, &to)) {
        return rc;
    }
    region_vec_clear(&m->have);
    if (source) {
        rc = vm_regions(p, from, &m->have);
        if (rc == 0 && !(a.flags & ABI_MREMAP_DONTUNMAP)) {
            rc = vm_force_unmap(p, from);
        }
    }
    return rc < 0 ? rc : remake_all(m, from, to);
}

/* Every page of R that can hold it gets VALUE. */
static int poke_all(struct model *m, struct range r, uint8_t value)
{
    const uint8_t *bytes = model_fill(m, value, u64_min(range_len(r), m->setup.page));

    for (uint64_t at = r.start;;) {
        struct range page = model_page_rest(m, r, at);
        int rc = vm_poke(model_proc(m), at, bytes, range_len(page));

        if (rc == -ENOMEM) {
            return rc;
        }
        if (page.last == r.last) {
            return 0;
        }
        at = page.last + 1;
    }
}

static int force_store(struct model *m, const struct op_args *args,
                       const struct model_outcome *seen)
{
    struct range r;

    if (!model_range(m, args->arg[0], args->arg[1], &r)) {
        return 0;
    }
    if (seen->kind == MODEL_SIGNAL) {
        if (!seen->has_at) {
            return vm_undefine(model_proc(m), range_widen(r, m->setup.page));
        }
        if (seen->at <= r.start) {
            return 0;
        }
        r.last = u64_min(r.last, seen->at - 1);
    }
    return poke_all(m, r, (uint8_t)args->arg[2]);
}

/* Pages of R with bytes of their own have bytes that nobody knows. */
static int undefine_written(struct model *m, struct range r)
{
    struct vm_proc *p = model_proc(m);
    uint64_t at = r.start;
    int rc = 0;

    while (rc == 0 && vm_next_written(p, r, &at)) {
        uint64_t last = at | (m->setup.page - 1);

        rc = vm_undefine(p, (struct range){at, last});
        if (last >= r.last) {
            break;
        }
        at = last + 1;
    }
    return rc;
}

/* Advice that took bytes away although it may not: which, nobody knows. */
static int force_advice(struct model *m, const struct op_args *args)
{
    static const uint32_t losing[ABI_SYSTEM_COUNT][3] = {
        {LINUX_MADV_DONTNEED, LINUX_MADV_FREE, LINUX_MADV_REMOVE},
        {FREEBSD_MADV_FREE, FREEBSD_MADV_FREE, FREEBSD_MADV_FREE}};
    struct range r;

    if (!pages_of(m, args->arg[0], args->arg[1], &r)) {
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(losing[0]); i++) {
        if (args->arg[2] == losing[m->setup.system][i]) {
            return undefine_written(m, r);
        }
    }
    return 0;
}

int model_force(struct model *m, const struct op *op, const struct op_args *args,
                const struct model_outcome *seen)
{
    struct range r;

    if (op->kind == OP_store) {
        return force_store(m, args, seen);
    }
    if (seen->kind != MODEL_OK) {
        return 0;
    }
    switch ((enum op_kind)op->kind) {
    case OP_mmap:
        return force_mmap(m, args, seen->value);
    case OP_munmap:
        return pages_within(m, args->arg[0], args->arg[1], &r) ? vm_force_unmap(model_proc(m), r)
                                                               : 0;
    case OP_mprotect:
        return pages_protected(m, args->arg[0], args->arg[1], &r)
                   ? vm_force_protect(model_proc(m), r, (int)(args->arg[2] & REGION_RWX))
                   : 0;
    case OP_mremap:
        return force_mremap(m, args, seen->value);
    case OP_madvise:
        return force_advice(m, args);
    default:
        return 0;
    }
}

/* Whether the model's HAVE at AT is what the books' WANT says, rights aside. */
static bool agrees(const struct model *m, const struct region *have, const struct region *want,
                   uint64_t at)
{
    int file = file_of(m, have->object);
    bool want_file = want->kind == REGION_FILE && !(want->snapshot && file < 0);

    /* A copy of a file may be either, a private map of it or memory of its own. */
    if ((have->kind == REGION_GUARD) != (want->kind == REGION_GUARD) ||
        vm_shared(model_proc(m), at) != truly_shared(want) || (file >= 0) != want_file) {
        return false;
    }
    if (file < 0) {
        return true;
    }
    return have->offset + (at - have->r.start) == want->offset + (at - want->r.start) &&
           (!m->identities || have->object == want->object);
}

/* WANT's part R, against what the model had there: m->have. */
static int adopt_run(struct model *m, const struct region *want, struct range r)
{
    uint8_t rights = rights_of(want);

    for (uint64_t at = r.start;;) {
        size_t i = region_lower_bound(&m->have, at);
        const struct region *have = i < m->have.n ? &m->have.v[i] : NULL;
        struct range part = {at, r.last};
        int rc = 0;

        if (have && have->r.start > at) {
            part.last = u64_min(part.last, have->r.start - 1);
            have = NULL;
        } else if (have) {
            part.last = u64_min(part.last, have->r.last);
        }
        if (!have || !agrees(m, have, want, at)) {
            rc = remake(m, want, want->r.start, part);
        } else if (have->prot != rights) {
            rc = vm_force_protect(model_proc(m), part, rights);
        }
        if (rc < 0 || part.last == r.last) {
            return rc;
        }
        at = part.last + 1;
    }
}

int model_adopt(struct model *m, struct range r, const struct region_vec *books)
{
    struct vm_proc *p = model_proc(m);
    uint64_t at = r.start; /* what lies below is done */
    int rc;

    region_vec_clear(&m->have);
    rc = vm_regions(p, r, &m->have);
    for (size_t i = region_lower_bound(books, at); rc == 0 && i < books->n; i++) {
        const struct region *want = &books->v[i];
        struct range part;

        if (want->r.start > r.last) {
            break;
        }
        part = range_cut(want->r, r);
        if (part.start > at) {
            rc = vm_force_unmap(p, (struct range){at, part.start - 1});
        }
        rc = rc < 0 ? rc : adopt_run(m, want, part);
        if (part.last == r.last) {
            return rc;
        }
        at = part.last + 1;
    }
    return rc < 0 ? rc : vm_force_unmap(p, (struct range){at, r.last});
}
