/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap of Linux, the checks and the decision (C.6). 6.17 checks all before it unmaps anything;
 * before, the destination of FIXED was gone first.
 */
#include "vm/linux_mremap.h"

/* ADDR + LEN in the kernel's register; exactly 2^32 is not a wrap (linux_range). */
static uint64_t sum(const struct vm_proc *p, uint64_t addr, uint64_t len)
{
    uint64_t s = addr + len;

    return vm_p(p)->bits == 32 && s > (uint64_t)1 << 32 ? (uint32_t)s : s;
}

static bool overlaps(const struct vm_proc *p, const struct linux_remap *m)
{
    return sum(p, m->addr, m->old_len) > m->new_addr && sum(p, m->new_addr, m->new_len) > m->addr;
}

/* The range that a caller names. */
static enum vm_rule check_new_range(const struct vm_proc *p, const struct linux_remap *m)
{
    if (!vm_in_task(p, m->new_addr, m->new_len)) {
        return VM_RULE_LINUX_MREMAP_NEW_HIGH;
    }
    return u64_is_aligned(m->new_addr, vm_p(p)->page) ? LINUX_PASSED
                                                      : VM_RULE_LINUX_MREMAP_NEW_UNALIGNED;
}

static enum vm_rule check_apart(struct vm_proc *p, const struct linux_remap *m,
                                struct vm_reply *ret)
{
    if (overlaps(p, m)) {
        return VM_RULE_LINUX_MREMAP_OVERLAP;
    }
    switch (linux_room(p, 6)) {
    case LINUX_ROOM_NONE:
        return VM_RULE_LINUX_MREMAP_COUNT;
    case LINUX_ROOM_MAYBE:
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_COUNT, ret);
        break;
    case LINUX_ROOM:
        break;
    }
    return LINUX_PASSED;
}

/* C.6 1 to 6, as of 6.17. */
static enum vm_rule check_args(struct vm_proc *p, const struct linux_remap *m, struct vm_reply *ret)
{
    enum vm_rule rule;

    if (m->flags & ~(uint32_t)(ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP)) {
        return VM_RULE_LINUX_MREMAP_FLAGS;
    }
    if (!u64_is_aligned(m->addr, vm_p(p)->page)) {
        return VM_RULE_LINUX_MREMAP_UNALIGNED;
    }
    if (m->new_len == 0) {
        return VM_RULE_LINUX_MREMAP_NEW_ZERO;
    }
    if (!linux_len_in_task(p, m->new_len)) {
        return VM_RULE_LINUX_MREMAP_NEW_LONG;
    }
    if (!m->to) {
        return LINUX_PASSED;
    }
    rule = check_new_range(p, m);
    if (rule != LINUX_PASSED) {
        return rule;
    }
    if (!linux_remap_is(m, ABI_MREMAP_MAYMOVE)) {
        return VM_RULE_LINUX_MREMAP_NEEDS_MAYMOVE;
    }
    if (linux_remap_is(m, ABI_MREMAP_DONTUNMAP) && m->old_len != m->new_len) {
        return VM_RULE_LINUX_MREMAP_DONTUNMAP_SIZE;
    }
    return check_apart(p, m, ret);
}

/* The same before 6.17: what comes before the look at the old address. */
static enum vm_rule check_args_old(const struct vm_proc *p, const struct linux_remap *m)
{
    if (m->flags & ~(uint32_t)(ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP)) {
        return VM_RULE_LINUX_MREMAP_FLAGS;
    }
    if (m->to && !linux_remap_is(m, ABI_MREMAP_MAYMOVE)) {
        return VM_RULE_LINUX_MREMAP_NEEDS_MAYMOVE;
    }
    if (linux_remap_is(m, ABI_MREMAP_DONTUNMAP) && m->raw_old != m->raw_new) {
        return VM_RULE_LINUX_MREMAP_DONTUNMAP_SIZE;
    }
    if (!u64_is_aligned(m->addr, vm_p(p)->page)) {
        return VM_RULE_LINUX_MREMAP_UNALIGNED;
    }
    return m->new_len == 0 ? VM_RULE_LINUX_MREMAP_NEW_ZERO : LINUX_PASSED;
}

/* What is decided about the area at the old address. */
struct source {
    const struct vm_area *area;
    bool cross; /* EFAULT is allowed besides: a kernel may have merged what it spans, or not */
};

/*
 * What the kernel charges is too much: the change in size, a shrink's as well; or all of it where
 * the old range stays. What could be written once is charged for as well.
 */
static bool may_over_commit(const struct vm_proc *p, const struct linux_remap *m,
                            const struct vm_area *a)
{
    uint64_t delta = m->old_len > m->new_len ? m->old_len - m->new_len : m->new_len - m->old_len;

    return !a->a.shared && !(a->a.flags & VM_AREA_NORESERVE) &&
           linux_over_commit(p, linux_remap_is(m, ABI_MREMAP_DONTUNMAP) ? m->new_len : delta);
}

/* The same, refused for certain. If not for certain, ENOMEM is allowed besides. */
static bool over_commit(struct vm_proc *p, const struct linux_remap *m, const struct vm_area *a,
                        struct vm_reply *ret)
{
    if (!may_over_commit(p, m, a)) {
        return false;
    }
    vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_COMMIT, ret);
    return (a->a.prot & ABI_PROT_WRITE) != 0;
}

/* C.6 13 to 16: more bytes than there were. */
static enum vm_rule check_growth(struct vm_proc *p, const struct linux_remap *m,
                                 const struct vm_area *a, struct vm_reply *ret)
{
    uint64_t page = vm_p(p)->page;
    uint64_t offset = a->a.offset + (m->addr - a->r.start);

    if (vm_p(p)->bits == 32 && a->a.object && offset / page + m->new_len / page > UINT32_MAX) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_PGOFF_WRAP, ret);
    }
    if (linux_over_limit(p, 0, m->new_len - m->old_len)) {
        return VM_RULE_LINUX_MREMAP_LIMIT;
    }
    if (!linux_remap_is(m, ABI_MREMAP_FIXED) && over_commit(p, m, a, ret)) {
        return VM_RULE_LINUX_MREMAP_COMMIT;
    }
    if (vm_p(p)->may_refuse) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_REFUSED, ret);
        if (a->a.flags & VM_AREA_LOCKED) {
            vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_LOCK_LIMIT, ret);
        }
    }
    return LINUX_PASSED;
}

/* C.6 10 to 16, for what grows or goes to a new place. */
static enum vm_rule check_source(struct vm_proc *p, const struct linux_remap *m, struct source *s,
                                 struct vm_reply *ret)
{
    uint64_t len = u64_min(m->old_len, m->new_len);
    enum vm_rule rule;

    if (m->old_len == 0 && !s->area->a.shared) {
        return VM_RULE_LINUX_MREMAP_DUP_PRIVATE;
    }
    if (len != 0) {
        uint64_t last = m->addr + (len - 1);

        if (last < m->addr || linux_remap_last(p, s->area, last, true) < last) {
            return VM_RULE_LINUX_MREMAP_CROSS;
        }
        if (linux_remap_last(p, s->area, last, false) < last) {
            vm_hit(vm_of(p), VM_RULE_LINUX_MREMAP_SOFT);
            s->cross = true;
        }
    }
    rule = m->new_len > m->old_len ? check_growth(p, m, s->area, ret) : LINUX_PASSED;
    if (rule != LINUX_PASSED && s->cross) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_CROSS, ret);
    }
    return rule;
}

/* It is one area, if it was not certain: the call went through. */
static void join_source(struct vm_proc *p, const struct linux_remap *m, const struct source *s)
{
    if (s->cross) {
        linux_join(p, (struct range){m->addr, m->addr + (u64_min(m->old_len, m->new_len) - 1)});
    }
}

/* The tail of a shrink: its range, or the rule that refuses it. */
static enum vm_rule check_tail(struct vm_proc *p, const struct linux_remap *m, struct range *tail,
                               struct vm_reply *ret)
{
    if (!linux_munmap_range(p, m->addr + m->new_len, m->old_len - m->new_len, tail)) {
        return VM_RULE_LINUX_MREMAP_TAIL;
    }
    switch (linux_room_punch(p, *tail)) {
    case LINUX_ROOM_NONE:
        return VM_RULE_LINUX_MREMAP_SPLIT_COUNT;
    case LINUX_ROOM_MAYBE:
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_SPLIT_COUNT, ret);
        break;
    case LINUX_ROOM:
        break;
    }
    return LINUX_PASSED;
}

static int shrink(struct vm_proc *p, const struct linux_remap *m, const struct vm_answer *seen,
                  struct vm_reply *ret)
{
    struct range tail;
    enum vm_rule rule = check_tail(p, m, &tail, ret);

    if (rule != LINUX_PASSED) {
        return vm_reply_fail(p, rule, seen, ret);
    }
    vm_reply_value(ret, m->addr);
    ret->rule = VM_RULE_LINUX_MREMAP_SHRINK;
    if (vm_reply_settle(p, 0, seen, ret)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MREMAP_SHRINK);
        vm_area_remove(p, tail);
    }
    return 0;
}

/* The room behind the old range: free, used, or somebody else's perhaps. */
enum behind { BEHIND_FREE, BEHIND_USED, BEHIND_FOREIGN };

static enum behind look_behind(const struct vm_proc *p, const struct linux_remap *m)
{
    uint64_t more = m->new_len - m->old_len;
    struct range r;

    if (m->old_len == 0 || !vm_in_task(p, m->addr, m->new_len) || m->addr < linux_lowest(p)) {
        return BEHIND_USED;
    }
    r = (struct range){m->addr + m->old_len, m->addr + m->old_len + (more - 1)};
    if (!vm_area_none(p, r)) {
        return BEHIND_USED;
    }
    return linux_foreign(p, r) ? BEHIND_FOREIGN : BEHIND_FREE;
}

static void grow_in_place(struct vm_proc *p, const struct linux_remap *m, const struct source *s)
{
    vm_hit(vm_of(p), VM_RULE_LINUX_MREMAP_GROW);
    join_source(p, m, s);
    linux_remap_extend(p, m->addr, m->old_len, m->new_len - m->old_len);
}

/* What was settled on is done: in place or by a move to took.value. */
static int finish(struct vm_proc *p, const struct linux_remap *m, const struct source *s,
                  struct vm_reply *ret)
{
    if (ret->took.value == m->addr && m->old_len != 0) {
        ret->rule = VM_RULE_LINUX_MREMAP_GROW;
        grow_in_place(p, m, s);
        return 0;
    }
    ret->rule = m->to ? VM_RULE_LINUX_MREMAP_DONTUNMAP : VM_RULE_LINUX_MREMAP_GROW_MOVES;
    if (!m->to && m->old_len != 0) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MREMAP_GROW_MOVES);
    }
    join_source(p, m, s);
    linux_remap_move(p, m, ret->took.value);
    return 0;
}

/* A success where EFAULT is allowed too; books that merge show two areas for certain. */
static bool settle_cross(struct vm_proc *p, const struct linux_remap *m, const struct source *s,
                         const struct vm_answer *seen, struct vm_reply *ret)
{
    if (s->cross) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_CROSS, ret);
    }
    return vm_reply_settle(p, m->new_len, seen, ret);
}

/* Growth to another place: DONTUNMAP's hint, or none. */
static int move_anywhere(struct vm_proc *p, const struct linux_remap *m, const struct source *s,
                         uint64_t hint, const struct vm_answer *seen, struct vm_reply *ret)
{
    struct linux_want want = {
        .hint = hint,
        .len = m->new_len,
        .huge_hint = s->area->a.object != NULL,
    };
    uint64_t at = 0;
    enum linux_place place;

    if (s->cross) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_CROSS, ret);
    }
    switch (linux_room(p, 4)) {
    case LINUX_ROOM_NONE:
        return vm_reply_fail(p, VM_RULE_LINUX_MREMAP_COUNT, seen, ret);
    case LINUX_ROOM_MAYBE:
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_COUNT, ret);
        break;
    case LINUX_ROOM:
        break;
    }
    if (hint != 0 && hint < linux_lowest(p)) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_MIN_ADDR, ret);
    }
    place = linux_place_find(p, &want, &at);
    if (place == LINUX_PLACE_NONE) {
        return vm_reply_fail(p, VM_RULE_LINUX_MREMAP_NO_ROOM, seen, ret);
    }
    ret->any_place = place != LINUX_PLACE_ONE;
    if (place == LINUX_PLACE_DOUBT) {
        if (!linux_settle_doubt(p, VM_RULE_LINUX_MREMAP_NO_ROOM, m->new_len, seen, ret)) {
            return 0;
        }
        return finish(p, m, s, ret);
    }
    vm_reply_value(ret, at);
    return settle_cross(p, m, s, seen, ret) ? finish(p, m, s, ret) : 0;
}

static int grow(struct vm_proc *p, const struct linux_remap *m, struct source *s,
                const struct vm_answer *seen, struct vm_reply *ret)
{
    enum vm_rule rule = check_source(p, m, s, ret);
    bool may_move = linux_remap_is(m, ABI_MREMAP_MAYMOVE);
    enum behind behind;

    if (rule != LINUX_PASSED) {
        return vm_reply_fail(p, rule, seen, ret);
    }
    behind = look_behind(p, m);
    if (behind == BEHIND_USED) {
        if (!may_move && s->cross) {
            vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_CROSS, ret);
        }
        return may_move ? move_anywhere(p, m, s, 0, seen, ret)
                        : vm_reply_fail(p, VM_RULE_LINUX_MREMAP_BLOCKED, seen, ret);
    }
    if (behind == BEHIND_FOREIGN && may_move && seen && !seen->err && seen->value != m->addr) {
        return move_anywhere(p, m, s, 0, seen, ret);
    }
    if (behind == BEHIND_FOREIGN) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_BLOCKED, ret);
    }
    vm_reply_value(ret, m->addr);
    if (settle_cross(p, m, s, seen, ret)) {
        return finish(p, m, s, ret);
    }
    return 0;
}

/* FIXED or DONTUNMAP, the steps after the old area is known. What fails late has lost LOST. */
struct late {
    enum vm_rule rule;
    bool dest;         /* the destination is unmapped */
    bool tail;         /* and the tail of a shrink */
    struct range gone; /* the tail's range */
};

/* After the destination was unmapped: C.6's shrink, limit and minimum. */
static void check_late(struct vm_proc *p, const struct linux_remap *m, const struct source *s,
                       struct late *l, struct vm_reply *ret)
{
    uint64_t less = 0;

    l->dest = true;
    if (m->addr - m->new_addr < m->new_len) {
        l->rule = VM_RULE_LINUX_MREMAP_DUP_SELF;
        return;
    }
    if (m->old_len > m->new_len) {
        l->rule = check_tail(p, m, &l->gone, ret);
        if (l->rule != LINUX_PASSED) {
            return;
        }
        l->tail = true;
    }
    if (linux_remap_is(m, ABI_MREMAP_DONTUNMAP)) {
        if (vm_p(p)->bytes_max) {
            less = linux_mapped_in(p, (struct range){m->new_addr, m->new_addr + (m->new_len - 1)});
        }
        if (linux_over_limit(p, less, m->old_len)) {
            l->rule = VM_RULE_LINUX_MREMAP_LIMIT;
        }
    }
    if (l->rule == LINUX_PASSED && m->new_addr < linux_lowest(p)) {
        l->rule = VM_RULE_LINUX_MREMAP_MIN_ADDR;
    }
    if (l->rule == LINUX_PASSED && over_commit(p, m, s->area, ret)) {
        l->rule = VM_RULE_LINUX_MREMAP_COMMIT;
    }
}

static void clear_dest(struct vm_proc *p, const struct linux_remap *m, const struct late *l)
{
    if (l->dest) {
        vm_area_remove(p, (struct range){m->new_addr, m->new_addr + (m->new_len - 1)});
    }
    if (l->tail) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MREMAP_FIXED_SHRINK);
        vm_area_remove(p, l->gone);
    }
}

static int move_fixed(struct vm_proc *p, const struct linux_remap *m, const struct source *s,
                      struct late *l, const struct vm_answer *seen, struct vm_reply *ret)
{
    struct linux_remap cut = *m;
    bool old = linux_release(p) < LINUX_RELEASE_SEVERAL;

    if (l->rule != LINUX_PASSED) {
        if (s->cross) {
            vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_CROSS, ret);
        }
        vm_reply_fail(p, l->rule, seen, ret);
        if (ret->allowed && (old || ret->rule != VM_RULE_LINUX_MREMAP_CROSS)) {
            clear_dest(p, m, l);
        }
        return 0;
    }
    vm_reply_value(ret, m->new_addr);
    ret->rule = VM_RULE_LINUX_MREMAP_FIXED;
    if (settle_cross(p, m, s, seen, ret)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MREMAP_FIXED);
        join_source(p, m, s);
        clear_dest(p, m, l);
        cut.old_len = u64_min(m->old_len, m->new_len);
        linux_remap_move(p, &cut, m->new_addr);
    } else if (ret->allowed && (ret->rule == VM_RULE_LINUX_MREMAP_COMMIT ||
                                (ret->rule == VM_RULE_LINUX_MREMAP_CROSS && old))) {
        clear_dest(p, m, l);
    }
    return 0;
}

static int move_to(struct vm_proc *p, const struct linux_remap *m, struct source *s,
                   const struct vm_answer *seen, struct vm_reply *ret)
{
    struct late l = {.rule = check_source(p, m, s, ret)};
    bool fixed = linux_remap_is(m, ABI_MREMAP_FIXED);
    bool old = linux_release(p) < LINUX_RELEASE_SEVERAL;
    enum vm_rule source = l.rule;

    if (source != LINUX_PASSED && !(old && fixed)) {
        return vm_reply_fail(p, source, seen, ret);
    }
    if (linux_remap_is(m, ABI_MREMAP_DONTUNMAP) && vm_p(p)->may_refuse) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MREMAP_REFUSED, ret);
    }
    if (!fixed) {
        if (linux_over_limit(p, 0, m->old_len)) {
            return vm_reply_fail(p, VM_RULE_LINUX_MREMAP_LIMIT, seen, ret);
        }
        if (over_commit(p, m, s->area, ret)) {
            return vm_reply_fail(p, VM_RULE_LINUX_MREMAP_COMMIT, seen, ret);
        }
        return move_anywhere(p, m, s, m->new_addr, seen, ret);
    }
    l.rule = LINUX_PASSED;
    check_late(p, m, s, &l, ret);
    /* Before 6.17 the source was looked at only after destination and tail were gone. */
    if (source != LINUX_PASSED && l.rule != VM_RULE_LINUX_MREMAP_DUP_SELF &&
        l.rule != VM_RULE_LINUX_MREMAP_TAIL) {
        l.rule = source == VM_RULE_LINUX_MREMAP_CROSS ? VM_RULE_LINUX_MREMAP_LOST : source;
    }
    return move_fixed(p, m, s, &l, seen, ret);
}

/* The old address, and which way the call goes. */
static int dispatch(struct vm_proc *p, const struct linux_remap *m, const struct vm_answer *seen,
                    struct vm_reply *ret)
{
    bool old = linux_release(p) < LINUX_RELEASE_SEVERAL;
    struct source s = {.area = vm_area_find(p, m->addr)};
    enum vm_rule rule = LINUX_PASSED;

    if (!s.area) {
        return vm_reply_fail(p, VM_RULE_LINUX_MREMAP_UNMAPPED, seen, ret);
    }
    if (old && m->to) {
        rule = check_new_range(p, m);
        rule = rule == LINUX_PASSED ? check_apart(p, m, ret) : rule;
    }
    if (rule != LINUX_PASSED) {
        return vm_reply_fail(p, rule, seen, ret);
    }
    if (m->to) {
        return move_to(p, m, &s, seen, ret);
    }
    if (m->old_len > m->new_len) {
        return shrink(p, m, seen, ret);
    }
    if (m->old_len < m->new_len) {
        return grow(p, m, &s, seen, ret);
    }
    vm_reply_value(ret, m->addr);
    ret->rule = VM_RULE_LINUX_MREMAP_SAME;
    if (vm_reply_settle(p, 0, seen, ret)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MREMAP_SAME);
    }
    return 0;
}

/* Areas that a commit may need: more where many of them move. */
static size_t areas_needed(const struct vm_proc *p, const struct linux_remap *m)
{
    struct range r;

    if (!linux_remap_is(m, ABI_MREMAP_DONTUNMAP) || !range_from_len(m->addr, m->old_len, &r)) {
        return 12;
    }
    return 12 + 2 * vm_area_count(p, r);
}

int linux_mremap(struct vm_proc *p, const struct vm_mremap_args *a, const struct vm_answer *seen,
                 struct vm_reply *ret)
{
    struct linux_remap m = {
        .addr = linux_reg(p, a->old_addr),
        .raw_old = linux_reg(p, a->old_len),
        .raw_new = linux_reg(p, a->new_len),
        .new_addr = linux_reg(p, a->new_addr),
        .flags = a->flags,
        .to = (a->flags & (ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP)) != 0,
    };
    bool old = linux_release(p) < LINUX_RELEASE_SEVERAL;
    enum vm_rule rule;
    int err;

    m.old_len = vm_ru(p, m.raw_old);
    m.new_len = vm_ru(p, m.raw_new);
    err = vm_reserve(vm_of(p), areas_needed(p, &m), 0);
    if (err) {
        return err;
    }
    vm_reply_init(ret);
    rule = old ? check_args_old(p, &m) : check_args(p, &m, ret);
    if (rule != LINUX_PASSED) {
        return vm_reply_fail(p, rule, seen, ret);
    }
    if (!old && linux_remap_is(&m, ABI_MREMAP_FIXED) && m.old_len == m.new_len) {
        return linux_remap_several(p, &m, seen, ret);
    }
    return dispatch(p, &m, seen, ret);
}
