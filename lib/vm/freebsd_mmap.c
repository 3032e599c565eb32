/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap of FreeBSD: its checks in the kernel's order (A.3), and the commit. What the order decides:
 * arguments before descriptors, descriptors before the old mapping of a fixed range goes, and a
 * stack that is too small only after it (a failure that has lost the range).
 */
#include "vm/freebsd_int.h"

enum {
    FLAGS_TYPES = FREEBSD_MAP_SHARED | FREEBSD_MAP_PRIVATE,
    FLAGS_KNOWN = FLAGS_TYPES | FREEBSD_MAP_FIXED | FREEBSD_MAP_HASSEMAPHORE | FREEBSD_MAP_STACK |
                  FREEBSD_MAP_NOSYNC | FREEBSD_MAP_ANONYMOUS | FREEBSD_MAP_EXCL |
                  FREEBSD_MAP_NOCORE | FREEBSD_MAP_PREFAULT_READ | FREEBSD_MAP_GUARD |
                  FREEBSD_MAP_32BIT,
    FLAGS_GUARD = FREEBSD_MAP_GUARD | FREEBSD_MAP_FIXED | FREEBSD_MAP_EXCL | FREEBSD_MAP_32BIT,
    FLAGS_LEGACY = FREEBSD_MAP_RESERVED0020 | FREEBSD_MAP_RESERVED0040,
};

/* Numbers 1 and 2 of A.3. */
static enum vm_rule check_prot(uint64_t prot, struct fbsd_map *m)
{
    uint32_t given = (uint32_t)prot;
    uint8_t max = given >> ABI_PROT_MAX_SHIFT & ABI_PROT_RWX;

    if (given & ~(uint32_t)FBSD_PROT_KNOWN) {
        return VM_RULE_FREEBSD_MMAP_PROT;
    }
    m->prot = given & ABI_PROT_RWX;
    m->max_prot = max ? max : ABI_PROT_RWX;
    return m->prot & ~m->max_prot ? VM_RULE_FREEBSD_MMAP_PROT_MAX : FBSD_PASSED;
}

/* Numbers 5 to 10; the flags tell here what kind of map it is. */
static enum vm_rule check_flags(struct fbsd_map *m, int fd)
{
    const uint8_t rw = ABI_PROT_READ | ABI_PROT_WRITE;

    if ((m->flags & FREEBSD_MAP_ANONYMOUS) && (fd != -1 || m->offset != 0)) {
        return VM_RULE_FREEBSD_MMAP_ANON_ARGS;
    }
    if (m->flags & FREEBSD_MAP_STACK) {
        if (fd != -1 || (m->prot & rw) != rw) {
            return VM_RULE_FREEBSD_MMAP_STACK_ARGS;
        }
        m->flags |= FREEBSD_MAP_ANONYMOUS;
        m->offset = 0;
    }
    if (m->flags & ~(FLAGS_KNOWN | FREEBSD_MAP_ALIGNED_MASK)) {
        return VM_RULE_FREEBSD_MMAP_FLAGS;
    }
    if ((m->flags & FREEBSD_MAP_EXCL) && !(m->flags & FREEBSD_MAP_FIXED)) {
        return VM_RULE_FREEBSD_MMAP_EXCL_ALONE;
    }
    if ((m->flags & FLAGS_TYPES) == FLAGS_TYPES) {
        return VM_RULE_FREEBSD_MMAP_TYPES;
    }
    if ((m->flags & FREEBSD_MAP_GUARD) &&
        (m->prot || fd != -1 || m->offset != 0 ||
         (m->flags & ~(FLAGS_GUARD | FREEBSD_MAP_ALIGNED_MASK)))) {
        return VM_RULE_FREEBSD_MMAP_GUARD_ARGS;
    }
    m->fixed = (m->flags & FREEBSD_MAP_FIXED) != 0;
    m->excl = (m->flags & FREEBSD_MAP_EXCL) != 0;
    m->guard = (m->flags & FREEBSD_MAP_GUARD) != 0;
    m->stack = (m->flags & FREEBSD_MAP_STACK) != 0;
    m->anon = (m->flags & FREEBSD_MAP_ANONYMOUS) != 0;
    m->shared = (m->flags & FREEBSD_MAP_SHARED) != 0;
    m->low = (m->flags & FREEBSD_MAP_32BIT) != 0;
    return FBSD_PASSED;
}

/* Numbers 11 and 12. The width of a 32-bit program's register limits an exponent too. */
static enum vm_rule check_size(const struct vm_proc *p, uint64_t len, struct fbsd_map *m)
{
    uint32_t n = m->flags >> FREEBSD_MAP_ALIGNED_SHIFT;
    uint64_t sum;

    m->rem = m->offset & (vm_p(p)->page - 1);
    m->offset -= m->rem;
    if (!u64_add(len, m->rem, &sum)) {
        return VM_RULE_FREEBSD_MMAP_LEN_WRAP;
    }
    m->size = vm_ru(p, sum);
    if (m->size < len) {
        return VM_RULE_FREEBSD_MMAP_LEN_WRAP;
    }
    if (n == FBSD_ALIGNED_SUPER) {
        m->super = true;
    } else if (n != 0) {
        if (n >= vm_p(p)->bits || (uint64_t)1 << n < vm_p(p)->page) {
            return VM_RULE_FREEBSD_MMAP_ALIGN;
        }
        m->align = (uint64_t)1 << n;
    }
    return FBSD_PASSED;
}

/* Numbers 13a to 13c. */
static enum vm_rule check_fixed(const struct vm_proc *p, struct fbsd_map *m)
{
    if (m->addr < m->rem || !u64_is_aligned(m->addr - m->rem, vm_p(p)->page)) {
        return VM_RULE_FREEBSD_MMAP_FIXED_UNALIGNED;
    }
    m->addr -= m->rem;
    if (!fbsd_range_valid(p, m->addr, m->size)) {
        return VM_RULE_FREEBSD_MMAP_FIXED_RANGE;
    }
    if (m->low && m->addr + (m->size - 1) >= FBSD_2GIB) {
        return VM_RULE_FREEBSD_MMAP_FIXED_32BIT;
    }
    return FBSD_PASSED;
}

/* Number 18 up to where the vnode itself is looked at, alike for files and devices. */
static enum vm_rule check_rights(const struct vm_file_spec *f, struct fbsd_map *m)
{
    uint8_t max = m->shared ? 0 : ABI_PROT_WRITE;

    if (!f->noexec) {
        max |= ABI_PROT_EXEC;
    } else if (m->prot & ABI_PROT_EXEC) {
        return VM_RULE_FREEBSD_MMAP_NOEXEC;
    }
    if (f->readable) {
        max |= ABI_PROT_READ;
    } else if (m->prot & ABI_PROT_READ) {
        return VM_RULE_FREEBSD_MMAP_READ;
    }
    if (m->shared && f->writable) {
        max |= ABI_PROT_WRITE;
    } else if (m->shared && (m->prot & ABI_PROT_WRITE)) {
        return VM_RULE_FREEBSD_MMAP_WRITE;
    }
    m->max_prot &= max;
    return FBSD_PASSED;
}

static enum vm_rule check_device(struct vm_proc *p, uint8_t asked_max, struct fbsd_map *m)
{
    if (m->file->spec.kind == VM_FILE_DEV_ZERO) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_MMAP_DEV_ZERO);
        m->file = NULL;
        m->offset = 0;
        m->max_prot = asked_max;
        return FBSD_PASSED;
    }
    return m->shared ? FBSD_PASSED : VM_RULE_FREEBSD_MMAP_DEV_PRIVATE;
}

static enum vm_rule check_vnode(struct vm_proc *p, struct fbsd_map *m)
{
    const struct vm_file_spec *f = &m->file->spec;

    if (m->offset > INT64_MAX || m->size > INT64_MAX - m->offset) {
        return VM_RULE_FREEBSD_MMAP_OFFSET;
    }
    if (f->kind != VM_FILE_REGULAR) {
        return VM_RULE_FREEBSD_MMAP_NOT_REGULAR;
    }
    if (m->shared && f->append_only) {
        if (m->prot & ABI_PROT_WRITE) {
            return VM_RULE_FREEBSD_MMAP_APPEND;
        }
        vm_hit(vm_of(p), VM_RULE_FREEBSD_MMAP_APPEND_MAX);
        m->max_prot &= (uint8_t)~ABI_PROT_WRITE;
    }
    return FBSD_PASSED;
}

/* Numbers 15 to 18''. */
static enum vm_rule check_file(struct vm_proc *p, int fd, struct fbsd_map *m)
{
    uint8_t asked_max = m->max_prot;
    enum vm_rule bad;
    unsigned kind;

    m->file = vm_file_of(vm_of(p), fd);
    if (!m->file) {
        return VM_RULE_FREEBSD_MMAP_BADF;
    }
    if (!(m->flags & FLAGS_TYPES)) {
        return VM_RULE_FREEBSD_MMAP_NO_TYPE;
    }
    kind = m->file->spec.kind;
    if (kind == VM_FILE_PIPE_READ || kind == VM_FILE_PIPE_WRITE) {
        return VM_RULE_FREEBSD_MMAP_NODEV;
    }
    bad = check_rights(&m->file->spec, m);
    if (bad != FBSD_PASSED) {
        return bad;
    }
    if (kind == VM_FILE_DEV_ZERO || kind == VM_FILE_DEV_OTHER) {
        return check_device(p, asked_max, m);
    }
    return check_vnode(p, m);
}

enum vm_rule fbsd_map_check(struct vm_proc *p, const struct vm_mmap_args *a, struct fbsd_map *ret)
{
    struct fbsd_map *m = ret;
    uint64_t len = fbsd_reg(p, a->len);
    enum vm_rule bad;

    *m = (struct fbsd_map){
        .addr = fbsd_reg(p, a->addr),
        .offset = a->offset,
        .flags = a->flags & ~(uint32_t)FLAGS_LEGACY,
    };
    bad = check_prot(a->prot, m);
    if (bad != FBSD_PASSED) {
        return bad;
    }
    if (m->flags != a->flags) {
        vm_hit(vm_of(p), VM_RULE_FREEBSD_MMAP_LEGACY);
    }
    if (len == 0) {
        return VM_RULE_FREEBSD_MMAP_LEN_ZERO;
    }
    bad = check_flags(m, a->fd);
    if (bad == FBSD_PASSED) {
        bad = check_size(p, len, m);
    }
    if (bad == FBSD_PASSED && m->fixed) {
        bad = check_fixed(p, m);
    }
    if (bad == FBSD_PASSED && !m->anon && !m->guard) {
        bad = check_file(p, a->fd, m);
    }
    return bad;
}

/* Number 19. Guards are not charged. */
static bool over_limit(const struct vm_proc *p, const struct fbsd_map *m)
{
    uint64_t max = vm_p(p)->bytes_max;
    uint64_t sum;

    return max != 0 && !m->guard && (!u64_add(vm_mapped_bytes(p), m->size, &sum) || sum > max);
}

/* Number 22: the range of a fixed map is gone already. */
static int fail_small_stack(struct vm_proc *p, const struct fbsd_map *m,
                            const struct vm_answer *seen, struct vm_reply *ret)
{
    int rc = vm_reserve(vm_of(p), 2, 0);

    if (rc < 0) {
        return rc;
    }
    vm_reply_fail(p, VM_RULE_FREEBSD_MMAP_STACK_SMALL, seen, ret);
    if (m->fixed && ret->took.err == vm_rules[VM_RULE_FREEBSD_MMAP_STACK_SMALL].err &&
        ret->allowed) {
        vm_area_remove(p, (struct range){m->addr, m->addr + (m->size - 1)});
    }
    return 0;
}

static void count_success(struct vm_proc *p, const struct fbsd_map *m)
{
    struct vm *vm = vm_of(p);

    if (m->fixed) {
        vm_hit(vm, m->excl ? VM_RULE_FREEBSD_MMAP_EXCL_FREE : VM_RULE_FREEBSD_MMAP_FIXED);
    }
    if (m->guard) {
        vm_hit(vm, VM_RULE_FREEBSD_MMAP_GUARD);
    }
    if (m->stack) {
        vm_hit(vm, VM_RULE_FREEBSD_MMAP_STACK);
    }
    if (m->rem) {
        vm_hit(vm, VM_RULE_FREEBSD_MMAP_REMAINDER);
    }
}

/* The set is complete but for the refusals of a real system: take an answer and do it. */
static int commit(struct vm_proc *p, const struct fbsd_map *m, const struct vm_answer *seen,
                  struct vm_reply *ret)
{
    struct vm_area_attr attr;
    struct range r;
    int rc = vm_reserve(vm_of(p), 4, 0);

    if (rc == 0) {
        rc = fbsd_map_attr(p, m, &attr);
    }
    if (rc < 0) {
        return rc;
    }
    if (vm_p(p)->may_refuse) {
        vm_reply_may_fail(p, VM_RULE_FREEBSD_MMAP_REFUSED, ret);
    }
    if (vm_reply_settle(p, m->size, seen, ret)) {
        count_success(p, m);
        r.start = ret->took.value - m->rem;
        r.last = r.start + (m->size - 1);
        if (m->fixed && !m->excl) {
            vm_area_remove(p, r);
        }
        if (m->stack) {
            fbsd_stack_insert(p, r, &attr);
        } else {
            vm_area_insert(p, r, &attr);
        }
    }
    vm_object_put(attr.object);
    return 0;
}

static int map_fixed(struct vm_proc *p, const struct fbsd_map *m, const struct vm_answer *seen,
                     struct vm_reply *ret)
{
    const struct range r = {m->addr, m->addr + (m->size - 1)};

    if (m->excl) {
        if (!vm_area_none(p, r)) {
            return vm_reply_fail(p, VM_RULE_FREEBSD_MMAP_EXCL_USED, seen, ret);
        }
        if (!range_contains(vm_p(p)->known, r)) {
            vm_reply_may_fail(p, VM_RULE_FREEBSD_MMAP_EXCL_USED, ret);
        }
    }
    if (m->stack && fbsd_stack_small(p, m->size)) {
        return fail_small_stack(p, m, seen, ret);
    }
    ret->rule = m->excl ? VM_RULE_FREEBSD_MMAP_EXCL_FREE : VM_RULE_FREEBSD_MMAP_FIXED;
    vm_reply_value(ret, m->addr + m->rem);
    return commit(p, m, seen, ret);
}

static int map_placed(struct vm_proc *p, const struct fbsd_map *m, const struct vm_answer *seen,
                      struct vm_reply *ret)
{
    uint64_t at = 0;
    enum fbsd_place place = fbsd_place_find(p, m, &at);
    bool other = place != FBSD_PLACE_ONE && seen && seen->err == 0 && seen->value >= m->rem &&
                 fbsd_place_fits(p, m, seen->value - m->rem);
    int rc;

    if (place == FBSD_PLACE_NONE && !other) {
        vm_reply_fail(p, VM_RULE_FREEBSD_MMAP_NO_ROOM, seen, ret);
        return 0;
    }
    if (place == FBSD_PLACE_NONE) {
        vm_reply_may_fail(p, VM_RULE_FREEBSD_MMAP_NO_ROOM, ret);
    }
    if (m->stack && fbsd_stack_small(p, m->size)) {
        return fail_small_stack(p, m, seen, ret);
    }
    ret->rule = place == FBSD_PLACE_ONE ? VM_RULE_FREEBSD_PLACE_HINT : VM_RULE_FREEBSD_PLACE_UPWARD;
    vm_reply_value(ret, other ? seen->value : at + m->rem);
    rc = commit(p, m, seen, ret);
    ret->any_place = place != FBSD_PLACE_ONE && ret->may_succeed;
    return rc;
}

int fbsd_mmap(struct vm_proc *p, const struct vm_mmap_args *a, const struct vm_answer *seen,
              struct vm_reply *ret)
{
    struct fbsd_map m;
    enum vm_rule bad;

    vm_reply_init(ret);
    bad = fbsd_map_check(p, a, &m);
    if (bad != FBSD_PASSED) {
        return vm_reply_fail(p, bad, seen, ret);
    }
    if (over_limit(p, &m)) {
        return vm_reply_fail(p, VM_RULE_FREEBSD_MMAP_LIMIT, seen, ret);
    }
    return m.fixed ? map_fixed(p, &m, seen, ret) : map_placed(p, &m, seen, ret);
}
