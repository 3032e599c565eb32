/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * madvise of Linux (C.8). An area that refuses ends the walk, what is before it is advised; a hole
 * is passed and told at the end. Numbers that abi/misc.def has no name for: MADV_POPULATE_READ and
 * WRITE, DONTNEED_LOCKED, COLLAPSE (5.14 to 6.1). MADV_GUARD_INSTALL and REMOVE (6.13) are unknown
 * advice here: the specification has no pages that fault without a change of rights.
 */
#include "vm/linux_int.h"

enum {
    ADVICE_POPULATE_READ = 22,
    ADVICE_POPULATE_WRITE = 23,
    ADVICE_DONTNEED_LOCKED = 24,
    ADVICE_COLLAPSE = 25,
};

/* How an advice works. */
enum way {
    WAY_UNKNOWN,
    WAY_NOTHING,
    WAY_FLAG, /* set and clear */
    WAY_FORK,
    WAY_DROP,
    WAY_LAZY,
    WAY_PUNCH,
    WAY_POPULATE,
    WAY_COLLAPSE,
};

struct advice {
    uint8_t way;         /* enum way */
    bool config;         /* a kernel may be built without it */
    bool not_locked;     /* EINVAL for a locked area */
    uint16_t set, clear; /* area flags */
};

static const struct advice advices[] = {
    [LINUX_MADV_NORMAL] = {.way = WAY_FLAG, .clear = VM_AREA_RANDOM | VM_AREA_SEQUENTIAL},
    [LINUX_MADV_RANDOM] = {.way = WAY_FLAG, .set = VM_AREA_RANDOM, .clear = VM_AREA_SEQUENTIAL},
    [LINUX_MADV_SEQUENTIAL] = {.way = WAY_FLAG, .set = VM_AREA_SEQUENTIAL, .clear = VM_AREA_RANDOM},
    [LINUX_MADV_WILLNEED] = {.way = WAY_NOTHING},
    [LINUX_MADV_DONTNEED] = {.way = WAY_DROP, .not_locked = true},
    [LINUX_MADV_FREE] = {.way = WAY_LAZY, .not_locked = true},
    [LINUX_MADV_REMOVE] = {.way = WAY_PUNCH, .not_locked = true},
    [LINUX_MADV_DONTFORK] = {.way = WAY_FORK},
    [LINUX_MADV_DOFORK] = {.way = WAY_FORK},
    [LINUX_MADV_MERGEABLE] = {.way = WAY_FLAG, .config = true, .set = VM_AREA_MERGEABLE},
    [LINUX_MADV_UNMERGEABLE] = {.way = WAY_FLAG, .config = true, .clear = VM_AREA_MERGEABLE},
    [LINUX_MADV_HUGEPAGE] = {.way = WAY_FLAG,
                             .config = true,
                             .set = VM_AREA_HUGE,
                             .clear = VM_AREA_NOHUGE},
    [LINUX_MADV_NOHUGEPAGE] = {.way = WAY_FLAG,
                               .config = true,
                               .set = VM_AREA_NOHUGE,
                               .clear = VM_AREA_HUGE},
    [LINUX_MADV_DONTDUMP] = {.way = WAY_FLAG, .set = VM_AREA_NOCORE},
    [LINUX_MADV_DODUMP] = {.way = WAY_FLAG, .clear = VM_AREA_NOCORE},
    [LINUX_MADV_WIPEONFORK] = {.way = WAY_FORK},
    [LINUX_MADV_KEEPONFORK] = {.way = WAY_FORK},
    [LINUX_MADV_COLD] = {.way = WAY_NOTHING, .not_locked = true},
    [LINUX_MADV_PAGEOUT] = {.way = WAY_NOTHING, .not_locked = true},
    [ADVICE_POPULATE_READ] = {.way = WAY_POPULATE},
    [ADVICE_POPULATE_WRITE] = {.way = WAY_POPULATE},
    [ADVICE_DONTNEED_LOCKED] = {.way = WAY_DROP},
    [ADVICE_COLLAPSE] = {.way = WAY_COLLAPSE, .config = true},
};

struct walk {
    struct range r;
    uint32_t number;
    struct advice advice;
    enum vm_rule rule; /* what it answers, or LINUX_PASSED */
    bool stops;        /* the walk ends before the range does, */
    uint64_t stop;     /* at this byte, which is not advised */
    bool maybe;        /* the area at stop may do it as well: a driver or file system decides */
    bool foreign;
};

static enum vm_rule check_args(const struct vm_proc *p, uint64_t addr, uint64_t len,
                               uint32_t number, struct walk *w)
{
    if (number < ARRAY_LEN(advices)) {
        w->advice = advices[number];
    }
    w->number = number;
    if (w->advice.way == WAY_UNKNOWN) {
        return VM_RULE_LINUX_MADVISE_UNKNOWN;
    }
    if (!u64_is_aligned(addr, vm_p(p)->page)) {
        return VM_RULE_LINUX_MADVISE_UNALIGNED;
    }
    if (len == 0) {
        return VM_RULE_LINUX_MADVISE_EMPTY;
    }
    return linux_range(p, addr, len, &w->r) ? LINUX_PASSED : VM_RULE_LINUX_MADVISE_WRAP;
}

/* A private map of a device, which /dev/zero makes anonymous memory and others do not. */
static bool device(const struct vm_area_attr *a)
{
    return a->object && !a->shared && vm_object_is_file(a->object) &&
           vm_object_size(a->object) == UINT64_MAX;
}

static enum vm_rule check_fork(const struct vm_area_attr *a, uint32_t number)
{
    if (number == LINUX_MADV_WIPEONFORK && (a->object || a->shared)) {
        return VM_RULE_LINUX_MADVISE_WIPE_KIND;
    }
    return number == LINUX_MADV_KEEPONFORK && (a->flags & VM_AREA_DROPPABLE)
               ? VM_RULE_LINUX_MADVISE_DROPPABLE
               : LINUX_PASSED;
}

static enum vm_rule check_punch(const struct vm_area_attr *a)
{
    if (!a->object) {
        return VM_RULE_LINUX_MADVISE_REMOVE_ANON;
    }
    return a->shared && (a->max_prot & ABI_PROT_WRITE) ? LINUX_PASSED
                                                       : VM_RULE_LINUX_MADVISE_REMOVE_RIGHT;
}

static enum vm_rule check_populate(const struct vm_area_attr *a, uint32_t number)
{
    int need = number == ADVICE_POPULATE_WRITE ? ABI_PROT_WRITE : ABI_PROT_READ;

    return a->prot & need ? LINUX_PASSED : VM_RULE_LINUX_MADVISE_POPULATE_RIGHT;
}

/* Whether area A refuses. */
static enum vm_rule check_area(const struct vm_area_attr *a, const struct walk *w)
{
    if (w->advice.not_locked && (a->flags & VM_AREA_LOCKED)) {
        return VM_RULE_LINUX_MADVISE_LOCKED;
    }
    switch (w->advice.way) {
    case WAY_FORK:
        return check_fork(a, w->number);
    case WAY_LAZY:
        return a->object ? VM_RULE_LINUX_MADVISE_FREE_KIND : LINUX_PASSED;
    case WAY_PUNCH:
        return check_punch(a);
    case WAY_POPULATE:
        return check_populate(a, w->number);
    default:
        return w->number == LINUX_MADV_DODUMP && (a->flags & VM_AREA_DROPPABLE)
                   ? VM_RULE_LINUX_MADVISE_DROPPABLE
                   : LINUX_PASSED;
    }
}

/* The first page of CUT, within A, that lies past the end of A's file: true and it in *RET. */
static bool past_eof(const struct vm_proc *p, const struct vm_area *a, struct range cut,
                     uint64_t *ret)
{
    uint64_t page = vm_p(p)->page;
    uint64_t size = a->a.object ? vm_object_size(a->a.object) : UINT64_MAX;
    uint64_t limit = 0;

    if (size == UINT64_MAX || !u64_align_up(size, page, &limit)) {
        return false;
    }
    *ret = limit <= a->a.offset ? a->r.start : a->r.start + (limit - a->a.offset);
    *ret = u64_max(*ret, cut.start);
    return *ret <= cut.last && *ret >= a->r.start;
}

static void stop_at(struct walk *w, enum vm_rule rule, uint64_t stop)
{
    w->rule = rule;
    w->stops = true;
    w->stop = stop;
}

/* Walk the areas: what it answers and how far it gets. */
static void check_areas(const struct vm_proc *p, struct walk *w)
{
    bool populate = w->advice.way == WAY_POPULATE;
    struct range hole;
    uint64_t eof;

    w->rule = LINUX_PASSED;
    if (linux_first_hole(p, w->r, &hole)) {
        stop_at(w, VM_RULE_LINUX_MADVISE_POPULATE_HOLE, hole.start);
        if (!populate) {
            w->rule = VM_RULE_LINUX_MADVISE_HOLE;
            w->stops = false;
        }
        w->foreign = linux_hole_in_doubt(p, w->r);
    }
    for (const struct vm_area *a = vm_area_from(p, w->r.start); a && a->r.start <= w->r.last;
         a = vm_area_next(p, a)) {
        struct range cut = range_cut(a->r, w->r);
        enum vm_rule rule = check_area(&a->a, w);

        if (populate && w->stops && cut.start > w->stop) {
            return;
        }
        if (rule != LINUX_PASSED) {
            stop_at(w, rule, cut.start);
            w->maybe = w->advice.way == WAY_LAZY && device(&a->a);
            w->foreign = false;
            return;
        }
        if (populate && past_eof(p, a, cut, &eof)) {
            stop_at(w, VM_RULE_LINUX_MADVISE_POPULATE_EOF, eof);
            w->foreign = false;
            return;
        }
    }
}

/* Merging of equal pages is for private memory; of other areas it is ignored (measured). */
static void change_flags(struct vm_area *a, void *arg)
{
    const struct walk *w = arg;

    if (w->number == LINUX_MADV_MERGEABLE && (a->a.shared || (a->a.flags & VM_AREA_DROPPABLE))) {
        return;
    }
    a->a.flags = (uint16_t)((a->a.flags & ~w->advice.clear) | w->advice.set);
}

static void change_fork(struct vm_area *a, void *arg)
{
    const struct walk *w = arg;
    struct vm_area_attr *t = &a->a;
    bool none = t->inherit == VM_INHERIT_NONE;

    switch (w->number) {
    case LINUX_MADV_WIPEONFORK:
        t->flags |= VM_AREA_WIPE;
        break;
    case LINUX_MADV_KEEPONFORK:
        t->flags &= (uint16_t)~VM_AREA_WIPE;
        break;
    default:
        none = w->number == LINUX_MADV_DONTFORK;
        break;
    }
    t->inherit = t->shared ? VM_INHERIT_SHARE : VM_INHERIT_COPY;
    if (t->flags & VM_AREA_WIPE) {
        t->inherit = VM_INHERIT_ZERO;
    }
    if (none) {
        t->inherit = VM_INHERIT_NONE;
    }
}

/* Droppable memory that is paged out is dropped, as it may be at any time (measured). */
static void page_out(struct vm_proc *p, struct range r)
{
    for (const struct vm_area *a = vm_area_from(p, r.start); a && a->r.start <= r.last;
         a = vm_area_next(p, a)) {
        if (a->a.flags & VM_AREA_DROPPABLE) {
            vm_hit(vm_of(p), VM_RULE_LINUX_MADVISE_DROPS);
            vm_pages_lazy(p, range_cut(a->r, r));
        }
    }
}

static void act(struct vm_proc *p, struct walk *w, struct range r)
{
    static const uint16_t rules[] = {
        [WAY_NOTHING] = VM_RULE_LINUX_MADVISE_NOTHING,
        [WAY_FLAG] = VM_RULE_LINUX_MADVISE_FLAG,
        [WAY_FORK] = VM_RULE_LINUX_MADVISE_FORK,
        [WAY_DROP] = VM_RULE_LINUX_MADVISE_DONTNEED,
        [WAY_LAZY] = VM_RULE_LINUX_MADVISE_FREE,
        [WAY_PUNCH] = VM_RULE_LINUX_MADVISE_REMOVE,
        [WAY_POPULATE] = VM_RULE_LINUX_MADVISE_NOTHING,
        [WAY_COLLAPSE] = VM_RULE_LINUX_MADVISE_NOTHING,
    };

    vm_hit(vm_of(p), (enum vm_rule)rules[w->advice.way]);
    switch (w->advice.way) {
    case WAY_FLAG:
        vm_area_change(p, r, change_flags, w);
        break;
    case WAY_FORK:
        vm_area_change(p, r, change_fork, w);
        break;
    case WAY_DROP:
        vm_pages_drop(p, r);
        break;
    case WAY_LAZY:
        vm_pages_lazy(p, r);
        break;
    case WAY_PUNCH:
        vm_pages_punch(p, r);
        break;
    case WAY_POPULATE:
        if (w->number == ADVICE_POPULATE_WRITE) {
            linux_populate(p, r);
        }
        break;
    default:
        if (w->number == LINUX_MADV_PAGEOUT) {
            page_out(p, r);
        }
        break;
    }
}

/* Kernels before 6.17 may be older than the advice. */
static bool recent(const struct vm_proc *p, const struct walk *w)
{
    return w->number >= ADVICE_POPULATE_READ && linux_release(p) < LINUX_RELEASE_SEVERAL;
}

/* Errors that are allowed besides; they leave everything as it was. */
static void add_doubts(struct vm_proc *p, const struct walk *w, struct vm_reply *ret)
{
    bool splits = w->advice.way == WAY_FLAG || w->advice.way == WAY_FORK;

    if (w->advice.config || recent(p, w)) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MADVISE_CONFIG, ret);
    }
    if (splits && linux_room(p, 2) != LINUX_ROOM) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MADVISE_COUNT, ret);
    }
    if (w->advice.way == WAY_COLLAPSE) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MADVISE_COLLAPSE_BUSY, ret);
        vm_reply_may_fail(p, VM_RULE_LINUX_MADVISE_COUNT, ret);
    }
    if (w->advice.way == WAY_PUNCH && w->rule == LINUX_PASSED && vm_p(p)->may_refuse) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MADVISE_REMOVE_KIND, ret);
    }
}

static int settle(struct vm_proc *p, struct walk *w, const struct vm_answer *seen,
                  struct vm_reply *ret)
{
    bool done;

    add_doubts(p, w, ret);
    if (w->rule == LINUX_PASSED) {
        done = linux_settle(p, VM_RULE_LINUX_MADVISE_NOTHING, seen, ret);
    } else if (w->foreign || w->maybe) {
        done = linux_settle_doubt(p, w->rule, 0, seen, ret);
    } else {
        vm_reply_fail(p, w->rule, seen, ret);
        done = false;
    }
    if (done) {
        act(p, w, w->r);
    } else if (ret->allowed && ret->rule == w->rule) {
        if (!w->stops) {
            act(p, w, w->r);
        } else if (w->stop > w->r.start) {
            act(p, w, (struct range){w->r.start, w->stop - 1});
        }
    }
    return 0;
}

int linux_madvise(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t advice,
                  const struct vm_answer *seen, struct vm_reply *ret)
{
    struct walk w = {.rule = LINUX_PASSED};
    enum vm_rule rule;
    int err = vm_reserve(vm_of(p), 6, 0);

    if (err) {
        return err;
    }
    vm_reply_init(ret);
    rule = check_args(p, linux_reg(p, addr), linux_reg(p, len), advice, &w);
    if (rule == VM_RULE_LINUX_MADVISE_EMPTY) {
        if (w.advice.config || recent(p, &w)) {
            vm_reply_may_fail(p, VM_RULE_LINUX_MADVISE_CONFIG, ret);
        }
        linux_settle(p, rule, seen, ret);
        return 0;
    }
    if (rule != LINUX_PASSED) {
        return vm_reply_fail(p, rule, seen, ret);
    }
    if (w.advice.way == WAY_COLLAPSE) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MADVISE_COLLAPSE, ret);
    }
    check_areas(p, &w);
    return settle(p, &w, seen, ret);
}
