/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap of Linux (C.2): the checks in the kernel's order, each a rule; nothing is changed before the
 * last of them, so a fixed map that fails leaves what was there.
 */
#include "vm/linux_int.h"

#include <errno.h>

/* The flags that MAP_SHARED_VALIDATE knows; not MAP_FIXED_NOREPLACE (measured). */
enum {
    FLAGS_KNOWN = LINUX_MAP_TYPE | LINUX_MAP_FIXED | LINUX_MAP_ANONYMOUS | LINUX_MAP_32BIT |
                  LINUX_MAP_ABOVE4G | LINUX_MAP_GROWSDOWN | LINUX_MAP_DENYWRITE |
                  LINUX_MAP_EXECUTABLE | LINUX_MAP_LOCKED | LINUX_MAP_NORESERVE |
                  LINUX_MAP_POPULATE | LINUX_MAP_NONBLOCK | LINUX_MAP_STACK | LINUX_MAP_HUGETLB,
};
/* Addresses above all but so many say an error number. */
#define ERRNO_LAST 4095
#define FLAGS_HUGE_SIZE ((uint32_t)31 << LINUX_HUGE_SHIFT)

/* Offsets up to here every file system can map; up to 2^63 some can. */
#define FILE_LAST_SURE (((uint64_t)1 << 43) - 1)
#define FILE_LAST_EVER (((uint64_t)1 << 63) - 1)

/* A call on its way through the checks. */
struct map {
    uint64_t addr;
    uint64_t len; /* rounded */
    uint64_t offset;
    uint32_t flags;
    uint32_t type;
    bool fixed, noreplace, anon;
    bool doubt; /* no room in what is known, elsewhere perhaps */
    bool one;   /* a success has exactly addr */
    bool late;  /* the refusal comes after the old range is gone */
    const struct vm_open_file *file;
};

/* C.2 1 to 3. */
static enum vm_rule check_source(struct vm_proc *p, const struct vm_mmap_args *a, struct map *m,
                                 struct vm_reply *ret)
{
    if (!u64_is_aligned(a->offset, vm_p(p)->page)) {
        return VM_RULE_LINUX_MMAP_OFFSET;
    }
    if (!m->anon) {
        m->file = vm_file_of(vm_of(p), a->fd);
        if (!m->file) {
            return VM_RULE_LINUX_MMAP_BADF;
        }
        return m->flags & LINUX_MAP_HUGETLB ? VM_RULE_LINUX_MMAP_HUGE_FILE : LINUX_PASSED;
    }
    if (!(m->flags & LINUX_MAP_HUGETLB)) {
        return LINUX_PASSED;
    }
    if (linux_reg(p, a->len) == 0 || m->flags >> LINUX_HUGE_SHIFT) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_HUGE_POOL, ret);
        return VM_RULE_LINUX_MMAP_HUGE_ARGS;
    }
    vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_HUGE_ARGS, ret);
    if (m->fixed) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_MIN_ADDR, ret);
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_NOREPLACE_USED, ret);
    }
    return VM_RULE_LINUX_MMAP_HUGE_POOL;
}

/* The hint as the search wants it (C.2 6). */
static void round_hint(struct vm_proc *p, struct map *m)
{
    uint64_t page = vm_p(p)->page;
    uint64_t down = u64_align_down(m->addr, page);
    uint64_t min = vm_ru(p, vm_p(p)->min_addr);

    if (m->addr != 0 && down == 0) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_HINT_NONE);
    } else if (down != 0 && down < min) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_HINT_LOW);
        down = min;
    } else if (down != m->addr) {
        vm_hit(vm_of(p), VM_RULE_LINUX_PLACE_HINT_ROUNDED);
    }
    m->addr = down;
}

/* C.2 5 to 9. */
static enum vm_rule check_len(struct vm_proc *p, const struct vm_mmap_args *a, struct map *m,
                              struct vm_reply *ret)
{
    uint64_t page = vm_p(p)->page;
    enum linux_room room;

    if (linux_reg(p, a->len) == 0) {
        return VM_RULE_LINUX_MMAP_LEN_ZERO;
    }
    if (!m->fixed) {
        round_hint(p, m);
    }
    m->len = vm_ru(p, linux_reg(p, a->len));
    if (m->len == 0) {
        return VM_RULE_LINUX_MMAP_LEN_WRAP;
    }
    /* A 32-bit program on a 64-bit kernel, as under an emulator, has the kernel's own width. */
    if (vm_p(p)->bits == 32 && a->offset / page + m->len / page > UINT32_MAX) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_PGOFF_WRAP, ret);
    }
    room = linux_room(p, 0);
    if (room == LINUX_ROOM_MAYBE) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_COUNT, ret);
    }
    return room == LINUX_ROOM_NONE ? VM_RULE_LINUX_MMAP_COUNT : LINUX_PASSED;
}

/* C.2 10: m->addr becomes the place. */
static enum vm_rule check_place(struct vm_proc *p, struct map *m, struct vm_reply *ret)
{
    struct linux_want want = {
        .hint = m->addr,
        .len = m->len,
        .low = (m->flags & LINUX_MAP_32BIT) && vm_p(p)->bits == 64,
        .huge_hint = m->file != NULL,
    };

    if (!linux_len_in_task(p, m->len)) {
        return VM_RULE_LINUX_MMAP_TOO_LONG;
    }
    if (m->fixed) {
        if (vm_p(p)->bits == 64 && m->addr > UINT64_MAX - ERRNO_LAST) {
            return VM_RULE_LINUX_MMAP_FIXED_ERRNO;
        }
        if (!vm_in_task(p, m->addr, m->len)) {
            return VM_RULE_LINUX_MMAP_FIXED_HIGH;
        }
        m->one = true;
        return u64_is_aligned(m->addr, vm_p(p)->page) ? LINUX_PASSED
                                                      : VM_RULE_LINUX_MMAP_FIXED_UNALIGNED;
    }
    switch (linux_place_find(p, &want, &m->addr)) {
    case LINUX_PLACE_ONE:
        m->one = true;
        break;
    case LINUX_PLACE_ANY:
        /* Other architectures have no such window: what is full need not be. */
        if (want.low) {
            vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_NO_ROOM, ret);
        }
        break;
    case LINUX_PLACE_DOUBT:
        m->doubt = true;
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_NO_ROOM, ret);
        break;
    case LINUX_PLACE_NONE:
        return VM_RULE_LINUX_MMAP_NO_ROOM;
    }
    return LINUX_PASSED;
}

/* C.2 11 to 13. */
static enum vm_rule check_fixed(struct vm_proc *p, const struct map *m, struct vm_reply *ret)
{
    if (m->fixed) {
        struct range r = {m->addr, m->addr + (m->len - 1)};

        if (m->addr < linux_lowest(p)) {
            return VM_RULE_LINUX_MMAP_MIN_ADDR;
        }
        if (m->noreplace && !vm_area_none(p, r)) {
            return VM_RULE_LINUX_MMAP_NOREPLACE_USED;
        }
        if (m->noreplace && linux_foreign(p, r)) {
            vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_NOREPLACE_USED, ret);
        }
    }
    if ((m->flags & LINUX_MAP_LOCKED) && vm_p(p)->may_refuse) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_LOCK_FORBIDDEN, ret);
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_LOCK_LIMIT, ret);
    }
    return LINUX_PASSED;
}

/* C.2 15 and 16. */
static enum vm_rule check_shared(struct vm_proc *p, const struct vm_mmap_args *a,
                                 const struct map *m)
{
    const struct vm_file_spec *f = &m->file->spec;

    if (m->type == LINUX_MAP_SHARED_VALIDATE) {
        if (m->flags & ~(uint32_t)(FLAGS_KNOWN | FLAGS_HUGE_SIZE)) {
            return VM_RULE_LINUX_MMAP_FILE_FLAGS;
        }
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_SHARED_VALIDATE);
    }
    if ((a->prot & ABI_PROT_WRITE) && !f->writable) {
        return VM_RULE_LINUX_MMAP_FILE_WRITE;
    }
    return f->append_only && f->writable ? VM_RULE_LINUX_MMAP_FILE_APPEND : LINUX_PASSED;
}

/* C.2 14 to 17. */
static enum vm_rule check_file(struct vm_proc *p, const struct vm_mmap_args *a, const struct map *m,
                               struct vm_reply *ret)
{
    const struct vm_file_spec *f = &m->file->spec;
    uint64_t ever = f->kind == VM_FILE_REGULAR ? FILE_LAST_EVER : UINT64_MAX;
    enum vm_rule rule = LINUX_PASSED;

    if (m->len > ever || m->offset > u64_align_down(ever - m->len, vm_p(p)->page)) {
        return VM_RULE_LINUX_MMAP_FILE_LIMIT;
    }
    if (m->offset + m->len - 1 > FILE_LAST_SURE) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_FILE_LIMIT, ret);
    }
    if (m->type == LINUX_MAP_SHARED || m->type == LINUX_MAP_SHARED_VALIDATE) {
        rule = check_shared(p, a, m);
    } else if (m->type != LINUX_MAP_PRIVATE) {
        rule = VM_RULE_LINUX_MMAP_FILE_TYPE;
    }
    if (rule != LINUX_PASSED) {
        return rule;
    }
    if (!f->readable) {
        return VM_RULE_LINUX_MMAP_FILE_READ;
    }
    if (f->noexec && (a->prot & ABI_PROT_EXEC)) {
        return VM_RULE_LINUX_MMAP_FILE_NOEXEC;
    }
    if (f->kind == VM_FILE_DIRECTORY || f->kind == VM_FILE_PIPE_READ ||
        f->kind == VM_FILE_PIPE_WRITE) {
        return VM_RULE_LINUX_MMAP_FILE_NODEV;
    }
    return m->flags & LINUX_MAP_GROWSDOWN ? VM_RULE_LINUX_MMAP_FILE_GROWSDOWN : LINUX_PASSED;
}

/* C.2 18. */
static enum vm_rule check_anon(struct vm_proc *p, const struct map *m, struct vm_reply *ret)
{
    vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_ANON);
    switch (m->type) {
    case LINUX_MAP_PRIVATE:
        return LINUX_PASSED;
    case LINUX_MAP_SHARED:
        return m->flags & LINUX_MAP_GROWSDOWN ? VM_RULE_LINUX_MMAP_ANON_GROWSDOWN : LINUX_PASSED;
    case LINUX_MAP_DROPPABLE:
        if (linux_release(p) < LINUX_RELEASE_SEVERAL) {
            vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_ANON_TYPE, ret); /* since 6.11 */
        }
        if (vm_p(p)->bits == 32) {
            vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_DROPPABLE_32, ret);
        }
        return m->flags & (LINUX_MAP_LOCKED | LINUX_MAP_GROWSDOWN)
                   ? VM_RULE_LINUX_MMAP_DROPPABLE_ARGS
                   : LINUX_PASSED;
    default:
        return VM_RULE_LINUX_MMAP_ANON_TYPE;
    }
}

/* Bytes that the kernel commits to: writable private memory, or all of a shared anonymous one. */
static bool committed(const struct vm_mmap_args *a, const struct map *m)
{
    if ((m->flags & LINUX_MAP_NORESERVE) || m->type == LINUX_MAP_DROPPABLE) {
        return false;
    }
    return m->type == LINUX_MAP_PRIVATE ? (a->prot & ABI_PROT_WRITE) != 0 : m->anon;
}

/* C.2 19, and what taking the old range away may meet. */
static enum vm_rule check_limits(struct vm_proc *p, const struct vm_mmap_args *a, struct map *m,
                                 struct vm_reply *ret)
{
    uint64_t less = 0;

    if (m->fixed) {
        struct range r = {m->addr, m->addr + (m->len - 1)};

        switch (linux_room_punch(p, r)) {
        case LINUX_ROOM_NONE:
            return VM_RULE_LINUX_MMAP_SPLIT_COUNT;
        case LINUX_ROOM_MAYBE:
            vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_SPLIT_COUNT, ret);
            break;
        case LINUX_ROOM:
            break;
        }
        if (vm_p(p)->bytes_max || vm_p(p)->commit_max) {
            less = linux_mapped_in(p, r);
        }
    }
    if (linux_over_limit(p, less, m->len)) {
        return VM_RULE_LINUX_MMAP_LIMIT;
    }
    if (committed(a, m) && linux_over_commit(p, m->len)) {
        /* Shared memory is made last, when the old range is gone, and nothing is set off. */
        m->late = m->type != LINUX_MAP_PRIVATE;
        less = m->late ? 0 : less;
        /* What it replaces may have been committed to before. */
        if (linux_over_commit(p, m->len - less)) {
            return VM_RULE_LINUX_MMAP_COMMIT;
        }
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_COMMIT, ret);
    }
    if (vm_p(p)->may_refuse) {
        vm_reply_may_fail(p, VM_RULE_LINUX_MMAP_REFUSED, ret);
    }
    return LINUX_PASSED;
}

static enum vm_rule check_all(struct vm_proc *p, const struct vm_mmap_args *a, struct map *m,
                              struct vm_reply *ret)
{
    enum vm_rule rule = check_source(p, a, m, ret);

    rule = rule == LINUX_PASSED ? check_len(p, a, m, ret) : rule;
    rule = rule == LINUX_PASSED ? check_place(p, m, ret) : rule;
    rule = rule == LINUX_PASSED ? check_fixed(p, m, ret) : rule;
    if (rule == LINUX_PASSED) {
        rule = m->anon ? check_anon(p, m, ret) : check_file(p, a, m, ret);
    }
    return rule == LINUX_PASSED ? check_limits(p, a, m, ret) : rule;
}

static void attr_flags(const struct vm_proc *p, uint32_t flags, struct vm_area_attr *ret)
{
    static const struct {
        uint32_t map;
        uint16_t area;
        enum vm_rule rule;
    } rows[] = {
        {LINUX_MAP_GROWSDOWN, VM_AREA_GROWSDOWN, VM_RULE_LINUX_MMAP_GROWSDOWN},
        {LINUX_MAP_LOCKED, VM_AREA_LOCKED, VM_RULE_LINUX_MMAP_LOCKED},
        {LINUX_MAP_NORESERVE, VM_AREA_NORESERVE, VM_RULE_LINUX_MMAP_NORESERVE},
        {LINUX_MAP_STACK, VM_AREA_NOHUGE, VM_RULE_LINUX_MMAP_STACK},
    };

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        bool old = rows[i].area == VM_AREA_NOHUGE && linux_release(p) < LINUX_RELEASE_SEVERAL;

        if ((flags & rows[i].map) && !old) {
            ret->flags |= rows[i].area;
            vm_hit(vm_of(p), rows[i].rule);
        }
    }
}

/* Of as many bytes as the map has, which is what mremap meets when it grows the map. */
static struct vm_object *shared_anon(struct vm_proc *p, const struct vm_mmap_args *a)
{
    struct vm_object *o = vm_object_anon(vm_of(p));
    uint64_t size = vm_ru(p, linux_reg(p, a->len));

    if (o && size) {
        vm_object_limit(o, size);
    }
    return o;
}

static void attr_file(struct vm_proc *p, const struct vm_mmap_args *a, const struct vm_open_file *f,
                      struct vm_area_attr *ret)
{
    ret->offset = a->offset;
    ret->opener = f->opener;
    if (f->spec.noexec) {
        ret->max_prot &= (uint8_t)~ABI_PROT_EXEC;
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_NOEXEC_MAX);
    }
    if (ret->shared && !f->spec.writable) {
        ret->max_prot &= (uint8_t)~ABI_PROT_WRITE;
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_READ_ONLY_SHARED);
    }
    if (f->spec.kind == VM_FILE_DEV_ZERO) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_DEV_ZERO);
    }
    ret->object = f->spec.kind == VM_FILE_DEV_ZERO && ret->shared ? shared_anon(p, a)
                                                                  : vm_object_get(f->object);
}

void linux_attr(struct vm_proc *p, const struct vm_mmap_args *a, struct vm_area_attr *ret)
{
    bool anon = (a->flags & LINUX_MAP_ANONYMOUS) != 0;
    const struct vm_open_file *f = anon ? NULL : vm_file_of(vm_of(p), a->fd);

    *ret = (struct vm_area_attr){
        .prot = a->prot & ABI_PROT_RWX,
        .max_prot = ABI_PROT_RWX,
        .kind = VM_AREA_MEMORY,
        .inherit = VM_INHERIT_COPY,
        .shared = (a->flags & LINUX_MAP_SHARED) != 0,
    };
    attr_flags(p, a->flags, ret);
    ret->flags |= linux_exec_only(p, a->prot);
    if (ret->shared) {
        ret->inherit = VM_INHERIT_SHARE;
    } else if ((a->flags & LINUX_MAP_TYPE) == LINUX_MAP_DROPPABLE) {
        ret->inherit = VM_INHERIT_ZERO;
        ret->flags |= VM_AREA_DROPPABLE | VM_AREA_WIPE | VM_AREA_NOCORE | VM_AREA_NORESERVE;
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_DROPPABLE);
    }
    if (f) {
        attr_file(p, a, f, ret);
    } else if (ret->shared) {
        ret->object = shared_anon(p, a);
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_SHARED_ANON);
    }
}

static void hit_effects(struct vm_proc *p, const struct vm_mmap_args *a, const struct map *m)
{
    if (m->noreplace) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_NOREPLACE_FREE);
    } else if (m->fixed) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_FIXED);
    }
    if (a->prot & ~(uint64_t)ABI_PROT_RWX) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_PROT_UNKNOWN);
    }
    if (m->flags & ~(uint32_t)(FLAGS_KNOWN | LINUX_MAP_FIXED_NOREPLACE)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_FLAGS_IGNORED);
    }
}

/* The set is complete but for success: decide. True if the map is to be made at took.value. */
static bool settle(struct vm_proc *p, const struct map *m, const struct vm_answer *seen,
                   struct vm_reply *ret)
{
    ret->any_place = !m->one;
    if (m->doubt) {
        return linux_settle_doubt(p, VM_RULE_LINUX_MMAP_NO_ROOM, m->len, seen, ret);
    }
    vm_reply_value(ret, m->addr);
    ret->rule = m->noreplace ? VM_RULE_LINUX_MMAP_NOREPLACE_FREE : VM_RULE_LINUX_MMAP_FIXED;
    if (!m->fixed) {
        ret->rule = m->one ? VM_RULE_LINUX_PLACE_HINT : VM_RULE_LINUX_PLACE_TOP;
    }
    return vm_reply_settle(p, m->len, seen, ret);
}

/*
 * A fixed map that was refused late, by RULE, has made room for itself: areas may be split at both
 * of its ends.
 */
static void split_ends(struct vm_proc *p, const struct map *m, unsigned rule)
{
    if (m->fixed && (rule == VM_RULE_LINUX_MMAP_LIMIT || rule == VM_RULE_LINUX_MMAP_COMMIT ||
                     rule == VM_RULE_LINUX_MMAP_REFUSED)) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_SPLITS);
        vm_area_tear(p, m->addr);
        vm_area_tear(p, m->addr + m->len);
    }
}

/* The call fails by RULE; what it does all the same. */
static int refuse(struct vm_proc *p, const struct map *m, enum vm_rule rule,
                  const struct vm_answer *seen, struct vm_reply *ret)
{
    vm_reply_fail(p, rule, seen, ret);
    if (rule == VM_RULE_LINUX_MMAP_FIXED_ERRNO) {
        int err = (int)(0 - m->addr);

        ret->n_errs = 1;
        ret->errs[0] = err;
        ret->took.err = err;
        ret->allowed = !seen || seen->err == err;
    }
    if (rule == VM_RULE_LINUX_MMAP_COMMIT && m->late && m->fixed && ret->allowed) {
        vm_hit(vm_of(p), VM_RULE_LINUX_MMAP_COMMIT_LATE);
        vm_area_remove(p, (struct range){m->addr, m->addr + (m->len - 1)});
    } else if (ret->allowed) {
        split_ends(p, m, ret->rule);
    }
    return 0;
}

int linux_mmap(struct vm_proc *p, const struct vm_mmap_args *a, const struct vm_answer *seen,
               struct vm_reply *ret)
{
    struct map m = {
        .addr = linux_reg(p, a->addr),
        .offset = a->offset,
        .flags = a->flags,
        .type = a->flags & LINUX_MAP_TYPE,
        .fixed = (a->flags & (LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE)) != 0,
        .noreplace = (a->flags & LINUX_MAP_FIXED_NOREPLACE) != 0,
        .anon = (a->flags & LINUX_MAP_ANONYMOUS) != 0,
    };
    struct vm_area_attr attr;
    enum vm_rule rule;
    int err = vm_reserve(vm_of(p), 6, 0);

    if (err) {
        return err;
    }
    vm_reply_init(ret);
    rule = check_all(p, a, &m, ret);
    if (rule != LINUX_PASSED) {
        return refuse(p, &m, rule, seen, ret);
    }
    if (!settle(p, &m, seen, ret)) {
        if (ret->allowed && ret->took.err) {
            split_ends(p, &m, ret->rule);
        }
        return 0;
    }
    linux_attr(p, a, &attr);
    if (!attr.object && (attr.shared || m.file)) {
        return -ENOMEM;
    }
    m.addr = ret->took.value;
    hit_effects(p, a, &m);
    vm_area_remove(p, (struct range){m.addr, m.addr + (m.len - 1)});
    vm_area_insert(p, (struct range){m.addr, m.addr + (m.len - 1)}, &attr);
    if (attr.object) {
        vm_object_put(attr.object);
    }
    if ((m.flags & LINUX_MAP_LOCKED) ||
        (m.flags & (LINUX_MAP_POPULATE | LINUX_MAP_NONBLOCK)) == LINUX_MAP_POPULATE) {
        linux_populate(p, (struct range){m.addr, m.addr + (m.len - 1)});
    }
    return 0;
}
