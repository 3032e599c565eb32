/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One native op: the raw system call or the guarded access, then what can be seen of it. The C
 * library's own calls are not used where they say less than the system's (mremap) or keep books.
 */
#include "exec/kernel_impl.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/kernel_guard.h"
#include "exec/look_at.h"
#include "host/real.h"

static void poison(struct record_step *s, enum record_poison why)
{
    s->poison = s->poison ? s->poison : (uint8_t)why;
}

static struct record_step *new_step(struct kernel_child *c, enum record_what what, size_t op)
{
    struct record_step *s;

    atomic_fetch_add(&c->sh->beat, 1);
    if (c->rec->steps.n == KERNEL_STEPS_MAX) {
        c->over = true;
        return NULL;
    }
    s = record_add(c->rec, what);
    s->step.op = op;
    s->step.process = c->process;
    return s;
}

static void put_regions(struct kernel_child *c, struct record_step *s)
{
    if (kernel_space_read(c) < 0 || c->rec->regions.n + c->now.n > KERNEL_REGIONS_MAX) {
        poison(s, RECORD_FULL);
        return;
    }
    (void)record_put_regions(c->rec, s, &c->now);
}

/* The page that holds AT, if it lies in a mapping that can be read. */
static void put_page(struct kernel_child *c, struct record_step *s, uint64_t at)
{
    const struct region *r = region_find(&c->now, at);
    struct record_digest d = {.page = u64_align_down(at, c->place.page)};
    struct host_fault fault = {0};

    if (!r || !(r->prot & (REGION_R | REGION_W))) {
        return;
    }
    if (c->rec->digests.n == KERNEL_DIGESTS_MAX) {
        poison(s, RECORD_FULL);
        return;
    }
    if (host_read(host_real(), d.page, c->bytes, c->place.page, &fault) == 0) {
        d.sum = record_sum(c->bytes, c->place.page);
    } else {
        d.bytes = RECORD_BYTES_NONE;
        d.sum = (uint64_t)fault.signal;
    }
    (void)record_put_digest(c->rec, s, d);
}

/* What a process has when it begins or is done. */
static void put_all(struct kernel_child *c, struct record_step *s)
{
    struct look_all all = look_all_begin(&c->now, c->place.page);
    uint64_t at;

    while (look_all_next(&all, &at)) {
        put_page(c, s, at);
    }
}

static void answer(struct record_step *s, long ret, bool addr)
{
    struct outcome *o = &s->step.outcome;

    if (ret == -1) {
        *o = (struct outcome){
            .kind = OUTCOME_FAIL, .err = abi_errno_from_host(errno), .value = UINT64_MAX};
    } else {
        *o = (struct outcome){.kind = OUTCOME_OK, .value = addr ? (uint64_t)ret : 0};
    }
}

static void call(struct kernel_child *c, struct record_step *s, enum op_kind kind)
{
    const struct op_args *args = &s->step.args;
    const uint64_t *a = args->arg;

    switch (kind) {
    case OP_mmap:
        answer(s,
               syscall(SYS_mmap, a[0], a[1], a[2], a[3],
                       args->file >= 0 ? (uint64_t)c->fds[args->file] : a[4], a[5]),
               true);
        c->locks |= (a[3] & LINUX_MAP_LOCKED) != 0;
        c->grows |= (a[3] & LINUX_MAP_GROWSDOWN) != 0;
        break;
    case OP_munmap:
        answer(s, syscall(SYS_munmap, a[0], a[1]), false);
        break;
    case OP_mprotect:
        answer(s, syscall(SYS_mprotect, a[0], a[1], a[2]), false);
        break;
    case OP_mremap:
        answer(s, syscall(SYS_mremap, a[0], a[1], a[2], a[3], a[4]), true);
        break;
    case OP_msync:
        answer(s, syscall(SYS_msync, a[0], a[1], a[2]), false);
        break;
    default:
        answer(s, syscall(SYS_madvise, a[0], a[1], a[2]), false);
        break;
    }
}

static void touch(struct kernel_child *c, struct record_step *s, bool write)
{
    const uint64_t *a = s->step.args.arg;
    struct outcome *o = &s->step.outcome;
    struct host_fault fault = {0};
    int rc = 0;

    *o = (struct outcome){.kind = OUTCOME_OK};
    if (a[1] == 0) {
        return;
    }
    if (write) {
        memset(c->bytes, (int)a[2], a[1]);
        rc = host_write(host_real(), a[0], c->bytes, a[1], &fault);
    } else {
        rc = host_read(host_real(), a[0], c->bytes, a[1], &fault);
    }
    if (rc < 0) {
        *o = (struct outcome){.kind = OUTCOME_SIGNAL, .signal = fault.signal};
        s->has_at = true;
        s->at = fault.addr;
    } else if (!write) {
        o->value = c->bytes[0];
        o->mixed = memcmp(c->bytes, c->bytes + 1, a[1] - 1) != 0;
    }
}

/* What can be seen of an op: mappings where it can have changed them, pages that it named. */
static void observe(struct kernel_child *c, struct record_step *s, enum op_kind kind)
{
    struct look_at pages;

    if (look_at_maps(kind, c->grows)) {
        put_regions(c, s);
    }
    look_at_op(&pages, kind, &s->step.args, &s->step.outcome, c->place.page);
    for (unsigned i = 0; i < pages.n; i++) {
        put_page(c, s, pages.at[i]);
    }
}

/* It is taken away again, so that it does not stay for the next program. */
static void end_astray(struct kernel_child *c, struct record_step *s, enum op_kind kind)
{
    uint64_t len = s->step.args.arg[kind == OP_mmap ? 1 : 2];

    poison(s, RECORD_ASTRAY);
    (void)syscall(SYS_munmap, s->step.outcome.value, u64_align_up_wrap(len, c->place.page));
    c->over = true;
}

static void run(struct kernel_child *c, struct record_step *s, enum op_kind kind)
{
    struct kernel_reach reach = {&c->place, &c->now, c->locks};
    enum record_poison why = kernel_guard(&reach, kind, &s->step.args);

    if (why != RECORD_CLEAN) {
        s->step.outcome = (struct outcome){.kind = OUTCOME_SKIPPED};
        poison(s, why);
        return;
    }
    if (kind == OP_store || kind == OP_load) {
        touch(c, s, kind == OP_store);
    } else {
        call(c, s, kind);
    }
    if (look_at_astray(&c->place, kind, &s->step.args, &s->step.outcome)) {
        end_astray(c, s, kind);
        return;
    }
    observe(c, s, kind);
}

static void step(struct kernel_child *c, size_t at)
{
    const struct op *op = &c->prog.ops.v[at];
    struct record_step *s = new_step(c, RECORD_OP, at);

    if (!s) {
        return;
    }
    if (op->kind == OP_wait) {
        s->step.outcome = (struct outcome){.kind = OUTCOME_OK};
        return;
    }
    if (op->kind == OP_exec || op->kind == OP_host_fail ||
        !op_resolve(&c->how, op, &c->results, &s->step.args)) {
        s->step.outcome = (struct outcome){.kind = OUTCOME_SKIPPED};
    } else {
        run(c, s, (enum op_kind)op->kind);
    }
    op_results_put(&c->results, op, s->step.outcome.kind == OUTCOME_OK, s->step.outcome.value);
}

static void finish(struct kernel_child *c)
{
    struct record_step *s;

    if (c->over || !(s = new_step(c, RECORD_DONE, c->prog.ops.n))) {
        return;
    }
    put_regions(c, s);
    put_all(c, s);
}

static _Noreturn void run_forked(struct kernel_child *c, size_t at, size_t stop)
{
    struct record_step *s;

    c->process = c->slot->n_processes++;
    s = new_step(c, RECORD_BORN, at);
    if (s) {
        put_regions(c, s);
        put_all(c, s);
    }
    kernel_run_ops(c, at + 1, stop);
    _exit(c->over);
}

/*
 * The step that the child was at says how it ended. What is killed was killed from outside: this
 * process ends likewise, so that the whole program is run again.
 */
static void forked_crash(struct kernel_child *c, int signal)
{
    if (signal == SIGKILL) {
        (void)raise(SIGKILL);
    }
    for (size_t i = c->rec->steps.n; i-- > 0;) {
        struct record_step *s = &c->rec->steps.v[i];

        if (s->what == RECORD_OP) {
            s->step.outcome = (struct outcome){.kind = OUTCOME_CRASH, .signal = signal};
            break;
        }
    }
    c->over = true;
}

/* fork(): the child runs up to its wait, then this process goes on there. */
static void run_fork(struct kernel_child *c, size_t at, size_t stop)
{
    struct record_step *s = new_step(c, RECORD_OP, at);
    int status = 0;
    pid_t pid;

    if (!s) {
        return;
    }
    s->step.outcome = (struct outcome){.kind = OUTCOME_OK};
    pid = fork();
    if (pid == 0) {
        run_forked(c, at, stop);
    }
    if (pid < 0) {
        s->step.outcome = (struct outcome){
            .kind = OUTCOME_FAIL, .err = abi_errno_from_host(errno), .value = UINT64_MAX};
        return;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status)) {
        forked_crash(c, WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        c->over = true;
    }
}

void kernel_run_ops(struct kernel_child *c, size_t at, size_t stop)
{
    while (at < stop && !c->over) {
        if (c->prog.ops.v[at].kind == OP_fork) {
            size_t wait = prog_wait_of(&c->prog, at, stop);

            run_fork(c, at, wait);
            at = wait;
        } else {
            step(c, at++);
        }
    }
    finish(c);
}
