/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the rows of vm_rows.h on either system and says what differs. */
#include "vm_rows_run.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

static void fill(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    uint8_t *to = buf;

    (void)arg;
    (void)index;
    for (size_t i = 0; i < len; i++) {
        to[i] = (uint8_t)ROW_FILE_BYTE((offset + i) / P);
    }
}

/* In the order of FD_RW and so on. */
static const struct vm_file_spec files[] = {
    {.size = ROW_FILE_SIZE, .readable = true, .writable = true, .fill = fill},
    {.size = ROW_FILE_SIZE, .readable = true, .fill = fill},
    {.size = ROW_FILE_SIZE, .writable = true, .fill = fill},
    {.kind = VM_FILE_DIRECTORY, .readable = true},
    {.kind = VM_FILE_PIPE_READ, .readable = true},
    {.kind = VM_FILE_PIPE_WRITE, .writable = true},
    {.kind = VM_FILE_DEV_ZERO, .readable = true, .writable = true},
    {.kind = VM_FILE_DEV_ZERO, .readable = true},
    {.kind = VM_FILE_DEV_OTHER, .readable = true, .writable = true},
    {.size = ROW_FILE_SIZE, .readable = true, .writable = true, .noexec = true, .fill = fill},
    {.size = ROW_FILE_SIZE, .readable = true, .writable = true, .append_only = true, .fill = fill},
    {.readable = true, .writable = true},
};

static bool begin(struct row_run *run, const struct row *row)
{
    struct vm_params params = vm_params_default(run->system, P);
    bool freebsd = run->system == ABI_FREEBSD;

    params.release = freebsd ? 0 : row->linux_release;
    params.last = freebsd ? LAST_FREEBSD : LAST_LINUX;
    params.min_addr = freebsd ? P : 16 * P;
    params.place = freebsd ? PLACE_FREEBSD : PLACE_LINUX - 1;
    params.text = freebsd ? 0x200000 : 0;
    params.privileged = row->privileged;
    params.may_refuse = row->may_refuse;
    params.areas_max = row->areas_max;
    params.bytes_max = row->bytes_max;
    params.merge = false;
    run->parent = NULL;
    run->result = 0;
    run->proc = vm_begin(run->vm, &params);
    if (!run->proc) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (vm_file_open(run->vm, &files[i]) != FD_RW + (int)i) {
            return false;
        }
    }
    return vm_file_reopen(run->vm, FD_RW, true, true) == FD_RW_AGAIN;
}

static uint64_t resolve(const struct row_run *run, uint64_t value)
{
    return (value & RESULT_MASK) == RESULT_MARK ? run->result + (value - RESULT_MARK) : value;
}

/* What a step showed. */
struct shown {
    bool call; /* reply counts */
    struct vm_reply reply;
    struct vm_fault fault;
    uint64_t byte; /* or what else the step looks at */
    bool nothing;
    int rc; /* of a step that has no other result */
};

static int do_mmap(struct row_run *run, const struct row_step *s, const struct vm_answer *seen,
                   struct shown *ret)
{
    struct vm_mmap_args a = {
        .addr = resolve(run, s->arg[0]),
        .len = s->arg[1],
        .prot = s->arg[2],
        .fd = (int)s->arg[4],
        .offset = s->arg[5],
    };
    int rc = abi_mapflags_to_system(run->system, s->arg[3], &a.flags);

    ret->call = true;
    return rc < 0 ? rc : vm_mmap(run->proc, &a, seen, &ret->reply);
}

static int do_mincore(struct row_run *run, const struct row_step *s, uint64_t addr,
                      struct shown *ret)
{
    uint8_t vec[16] = {0};
    int rc = vm_mincore(run->proc, addr, s->arg[1], s->op == ROW_MINCORE ? vec : NULL, NULL,
                        &ret->reply);

    ret->call = s->want[run->system].kind != WANT_BYTE && s->want[run->system].kind != WANT_HAS;
    ret->byte = vec[0];
    return rc;
}

static int do_call(struct row_run *run, const struct row_step *s, const struct vm_answer *seen,
                   struct shown *ret)
{
    uint64_t addr = resolve(run, s->arg[0]);
    struct vm_mremap_args m = {addr, s->arg[1], s->arg[2], (uint32_t)s->arg[3], s->arg[4]};

    ret->call = true;
    switch (s->op) {
    case ROW_MMAP:
        return do_mmap(run, s, seen, ret);
    case ROW_MUNMAP:
        return vm_munmap(run->proc, addr, s->arg[1], seen, &ret->reply);
    case ROW_MPROTECT:
        return vm_mprotect(run->proc, addr, s->arg[1], s->arg[2], seen, &ret->reply);
    case ROW_MREMAP:
        return vm_mremap(run->proc, &m, seen, &ret->reply);
    case ROW_MSYNC:
        return vm_msync(run->proc, addr, s->arg[1], (uint32_t)s->arg[2], seen, &ret->reply);
    case ROW_MADVISE:
        return vm_madvise(run->proc, addr, s->arg[1], (uint32_t)s->arg[2], seen, &ret->reply);
    case ROW_MINHERIT:
        return vm_minherit(run->proc, addr, s->arg[1], (int)s->arg[2], seen, &ret->reply);
    default:
        return do_mincore(run, s, addr, ret);
    }
}

static int do_access(struct row_run *run, const struct row_step *s, struct shown *ret)
{
    uint8_t byte = (uint8_t)s->arg[1];
    uint64_t addr = resolve(run, s->arg[0]);
    int rc = s->op == ROW_STORE ? vm_store(run->proc, addr, &byte, 1, &ret->fault)
                                : vm_load(run->proc, addr, &byte, 1, &ret->fault);

    ret->byte = byte;
    return rc == -EFAULT ? 0 : rc;
}

static int do_file(struct row_run *run, const struct row_step *s)
{
    uint8_t byte = (uint8_t)s->arg[2];

    if (s->op == ROW_TRUNCATE) {
        return vm_file_truncate(run->vm, (int)s->arg[0], s->arg[1]);
    }
    return vm_file_write(run->vm, (int)s->arg[0], &byte, 1, s->arg[1]) == 1 ? 0 : -EIO;
}

static int do_process(struct row_run *run, const struct row_step *s)
{
    struct vm_proc *child = NULL;

    if (s->op == ROW_FORK) {
        int rc = vm_fork(run->proc, &child);

        run->parent = run->proc;
        run->proc = child;
        return rc;
    }
    vm_exit(run->proc);
    run->proc = run->parent;
    return 0;
}

static void wire(struct vm_area *a, void *arg)
{
    (void)arg;
    a->a.flags |= VM_AREA_LOCKED;
}

static int do_lock(struct row_run *run, const struct row_step *s)
{
    int rc = vm_reserve(run->vm, 2, 0);

    if (rc == 0) {
        vm_area_change(run->proc, (struct range){s->arg[0], s->arg[0] + (s->arg[1] - 1)}, wire,
                       NULL);
    }
    return rc;
}

static int do_look(struct row_run *run, const struct row_step *s, struct shown *ret)
{
    uint64_t at = resolve(run, s->arg[0]);
    const struct vm_area *below = vm_area_find(run->proc, at - 1);
    const struct vm_area *above = vm_area_find(run->proc, at);
    struct region_vec list = REGION_VEC_INIT;
    const uint8_t *bytes;
    size_t len;
    int rc;

    if (s->op == ROW_VIEW) {
        ret->byte = vm_view(run->proc, at, &bytes, &len);
        return 0;
    }
    if (s->op == ROW_JOINT) {
        if (!below || !above) {
            return -ENOENT;
        }
        ret->byte = below == above ? VM_JOINT_NONE : vm_area_joint(run->proc, below, above);
        return 0;
    }
    rc = vm_regions(run->proc, (struct range){at, at + (P - 1)}, &list);
    ret->nothing = list.n == 0;
    ret->byte = list.n == 1 ? (uint64_t)list.v[0].kind << 8 | list.v[0].prot : UINT64_MAX;
    region_vec_free(&list);
    return rc;
}

static int do_step(struct row_run *run, const struct row_step *s, const struct vm_answer *seen,
                   struct shown *ret)
{
    switch (s->op) {
    case ROW_STORE:
    case ROW_LOAD:
        return do_access(run, s, ret);
    case ROW_WRITE:
    case ROW_TRUNCATE:
        return do_file(run, s);
    case ROW_FORK:
    case ROW_EXIT:
        return do_process(run, s);
    case ROW_LOCK:
        return do_lock(run, s);
    case ROW_VIEW:
    case ROW_LIST:
    case ROW_JOINT:
        return do_look(run, s, ret);
    default:
        return do_call(run, s, seen, ret);
    }
}

/* Only this errno, and no success. */
static bool only_fails(const struct vm_reply *r, uint64_t err)
{
    return r->took.err == (int)err && !r->may_succeed && r->n_errs == 1;
}

static bool judge(const struct row_want *want, uint64_t len, const struct shown *s)
{
    const struct vm_reply *r = &s->reply;

    switch (want->kind) {
    case WANT_OK:
        return s->call ? r->took.err == 0 : s->fault.signal == 0;
    case WANT_AT:
        return r->took.err == 0 && r->took.value == want->a;
    case WANT_LOW:
        return r->took.err == 0 && r->took.value + len <= (uint64_t)1 << 31;
    case WANT_ERR:
        return only_fails(r, want->a);
    case WANT_MAY:
        return r->allowed && r->took.err == (int)want->a;
    case WANT_MAY_AT:
        return r->allowed && r->took.err == 0 && r->took.value == want->a;
    case WANT_BYTE:
        return s->fault.signal == 0 && s->byte == want->a;
    case WANT_HAS:
        return (s->byte & want->a) == want->a && s->byte != want->a;
    case WANT_FAULT:
        return s->fault.signal == (int)want->a && s->fault.code == (int)want->b;
    case WANT_LISTED:
        return s->byte == (want->a << 8 | want->b);
    case WANT_NOTHING:
        return s->nothing;
    case WANT_ONE:
        return s->byte != VM_JOINT_HARD;
    case WANT_TWO:
        return s->byte != VM_JOINT_NONE;
    default:
        return false;
    }
}

static void describe(struct row_run *run, const struct row *row, size_t i, const struct shown *s)
{
    const struct row_want *want = &row->step[i].want[run->system];

    buf_fmt(&run->wrong,
            "row %s (%s), %s, step %zu: wanted kind %u 0x%" PRIx64 " 0x%" PRIx64 ", err %d value "
            "0x%" PRIx64 " may_succeed %d errs %u signal %d code %d byte 0x%" PRIx64 "\n",
            row->number, row->situation, abi_system_name(run->system), i + 1, want->kind, want->a,
            want->b, s->reply.took.err, s->reply.took.value, s->reply.may_succeed, s->reply.n_errs,
            s->fault.signal, s->fault.code, s->byte);
}

static bool run_step(struct row_run *run, const struct row *row, size_t i)
{
    const struct row_step *s = &row->step[i];
    const struct row_want *want = &s->want[run->system];
    const struct vm_answer refused = {.err = (int)want->a};
    const struct vm_answer placed = {.value = want->a};
    const struct vm_answer *seen = want->kind == WANT_MAY      ? &refused
                                   : want->kind == WANT_MAY_AT ? &placed
                                                               : NULL;
    struct shown shown = {0};
    const char *broken;

    shown.rc = do_step(run, s, seen, &shown);
    if (shown.rc < 0 || !judge(want, s->arg[1], &shown)) {
        if (shown.rc < 0) {
            buf_fmt(&run->wrong, "could not be done (%d): ", shown.rc);
        }
        describe(run, row, i, &shown);
        return false;
    }
    if (s->op == ROW_MMAP || s->op == ROW_MREMAP) {
        run->result = shown.reply.took.value;
    }
    broken = vm_check(run->proc);
    if (broken) {
        buf_fmt(&run->wrong, "row %s, step %zu: books broken: %s\n", row->number, i + 1, broken);
    }
    return broken == NULL;
}

bool row_run(struct row_run *run, const struct row *row)
{
    if (row->skip[run->system]) {
        return true;
    }
    if (!begin(run, row)) {
        buf_fmt(&run->wrong, "row %s: no machine\n", row->number);
        return false;
    }
    for (size_t i = 0; i < ROW_STEPS_MAX; i++) {
        const struct row_step *s = &row->step[i];

        if (s->want[run->system].kind != WANT_NA) {
            run->steps++;
            if (!run_step(run, row, i)) {
                return false;
            }
        }
    }
    return true;
}
