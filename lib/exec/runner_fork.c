/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fork() as an op: what both kinds of machine share, and a fork of real processes: the child goes
 * on with its part of the program, judges its own steps and leaves them, with its verdict, in
 * memory that both processes see. The parent judges its side of the fork first, then lets the
 * child go and waits for it, so that a run is the same every time; a child that makes no progress
 * is killed and reported. A child forks in the same way, and uses the same memory, because it is
 * done with its own child before it reports itself.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exec/runner_model.h"

enum {
    REPORT_REGIONS_MAX = 16384, /* of one vector; a picture needs no more */
    REPORT_TEXT_MAX = 16384,
    REPORT_VECTORS = 3,
    GRACE_MS = 1000, /* beyond what the child itself needs to see a hang */
};

struct fork_report {
    atomic_ullong beat; /* steps begun by any child */
    /* Left by a child that is about to exit. */
    bool complete;
    int rc; /* of the harness in the child */
    char error[ERR_TEXT_MAX];
    enum run_verdict verdict;
    enum inv_id violated;
    size_t bad_step;
    bool has_range;
    struct range where;
    int owed;
    size_t n_skipped;
    unsigned n_processes;
    char reason[REPORT_TEXT_MAX];
    char calls[REPORT_TEXT_MAX];
    size_t n_regions[REPORT_VECTORS];
    struct region regions[REPORT_VECTORS][REPORT_REGIONS_MAX];
    size_t n_steps;
    struct trace_step steps[PROG_OPS_MAX];
};

int fork_report_open(struct runner *r, struct err *e)
{
    void *at = mmap(NULL, sizeof(*r->report), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED) {
        return err_set(e, -errno, "no memory to share with child processes: %s", strerror(errno));
    }
    r->report = at;
    return 0;
}

void fork_report_close(struct runner *r)
{
    if (r->report) {
        (void)munmap(r->report, sizeof(*r->report));
        r->report = NULL;
    }
}

void fork_report_beat(struct runner *r)
{
    atomic_fetch_add_explicit(&r->report->beat, 1, memory_order_relaxed);
}

static void copy_text(char to[REPORT_TEXT_MAX], const struct buf *from)
{
    size_t len = u64_min(from->len, REPORT_TEXT_MAX - 1);

    memcpy(to, buf_text(from), len);
    to[len] = '\0';
}

static struct region_vec *result_vector(struct run_result *res, unsigned i)
{
    struct region_vec *const all[REPORT_VECTORS] = {&res->flags_before, &res->flags_after,
                                                    &res->host_after};

    return all[i];
}

/* The child's last words. */
static void write_report(const struct runner *r, size_t first_step, int rc)
{
    struct fork_report *f = r->report;
    struct run_result *res = r->res;

    f->rc = rc;
    memcpy(f->error, r->err->text, sizeof(f->error));
    f->verdict = res->verdict;
    f->violated = res->violated;
    f->bad_step = res->bad_step;
    f->has_range = res->has_range;
    f->where = res->where;
    f->owed = res->owed;
    f->n_skipped = res->n_skipped;
    f->n_processes = r->n_processes;
    copy_text(f->reason, &res->reason);
    copy_text(f->calls, &res->calls);
    for (unsigned i = 0; i < REPORT_VECTORS; i++) {
        const struct region_vec *v = result_vector(res, i);

        f->n_regions[i] = u64_min(v->n, REPORT_REGIONS_MAX);
        if (f->n_regions[i]) {
            memcpy(f->regions[i], v->v, f->n_regions[i] * sizeof(*v->v));
        }
    }
    f->n_steps = r->steps.n - first_step;
    memcpy(f->steps, r->steps.v + first_step, f->n_steps * sizeof(*f->steps));
    f->complete = true;
}

static int take_finding(struct runner *r)
{
    const struct fork_report *f = r->report;
    struct run_result *res = r->res;
    int rc = 0;

    r->over = true;
    res->verdict = RUN_FINDING;
    res->violated = f->violated;
    res->bad_step = f->bad_step;
    res->has_range = f->has_range;
    res->where = f->where;
    res->owed = f->owed;
    buf_str(&res->reason, f->reason);
    buf_str(&res->calls, f->calls);
    for (unsigned i = 0; i < REPORT_VECTORS && rc == 0; i++) {
        for (size_t k = 0; k < f->n_regions[i] && rc == 0; k++) {
            rc = region_vec_push(result_vector(res, i), f->regions[i][k]);
        }
    }
    return rc < 0 ? err_set(r->err, rc, "out of memory") : 0;
}

/* The child of the fork at AT, which had the ops up to STOP, is gone and has reported. */
static int read_report(struct runner *r, size_t at, size_t stop)
{
    const struct fork_report *f = r->report;
    int rc;

    if (f->rc < 0) {
        return err_set(r->err, f->rc, "in a child process: %s", f->error);
    }
    memcpy(r->steps.v + r->steps.n, f->steps, f->n_steps * sizeof(*f->steps));
    r->steps.n += f->n_steps;
    rc = runner_model_replay(r, r->steps.n - f->n_steps);
    runner_record_child(r, at, stop, r->steps.n - f->n_steps);
    r->res->n_skipped = f->n_skipped;
    r->n_processes = f->n_processes;
    return f->verdict == RUN_FINDING ? take_finding(r) : rc;
}

static void call_fork_start(struct runner *r, struct trace_step *s)
{
    int rc = r->spec.layer->mmap_fork_start(r->layer);

    s->outcome = (struct outcome){.kind = OUTCOME_OK};
    if (rc != 0) {
        s->outcome = (struct outcome){
            .kind = OUTCOME_FAIL, .err = abi_errno_from_host(-rc), .value = UINT64_MAX};
    }
}

/* NULL, or what a free lock would not have done. */
static const char *probe_lock(const struct runner *r)
{
    const struct layer_ops *ops = r->spec.layer;
    struct layer_counters c;

    ops->counters(r->layer, &c);
    if (c.depth != 0 || ops->have_mmap_lock(r->layer)) {
        return "the lock depth is not 0 after fork";
    }
    ops->mmap_lock(r->layer);
    if (!ops->have_mmap_lock(r->layer)) {
        return "a thread that took mmap_lock after fork does not have it";
    }
    ops->mmap_unlock(r->layer);
    return ops->have_mmap_lock(r->layer) ? "mmap_lock cannot be released after fork" : NULL;
}

static void call_fork_end(struct runner *r, struct trace_step *s)
{
    (void)s;
    r->spec.layer->mmap_fork_end(r->layer, r->is_child);
    r->bad_lock = probe_lock(r);
}

int runner_end_fork(struct runner *r, struct trace_step *s, bool child)
{
    int rc;

    r->is_child = child;
    r->bad_lock = NULL;
    if (runner_enter(r, s, call_fork_end) && r->bad_lock) {
        return runner_finding_text(r, s, INV_FORK_CONSISTENT, "in the %s: %s",
                                   child ? "child" : "parent", r->bad_lock);
    }
    if (s->outcome.kind == OUTCOME_OK && r->opt.maps != MAP_CHECK_NONE) {
        rc = runner_judge_fork(r, s, child ? "child" : "parent");
        if (rc < 0 || r->over) {
            return rc;
        }
    }
    return runner_judge(r, s, NULL);
}

/* The child: its part of the program, then its report. */
static _Noreturn void run_child(struct runner *r, struct trace_step *s, size_t at, size_t stop,
                                int fd)
{
    size_t first_step = r->steps.n;
    char go;
    int rc;

    host_catch_after_fork();
    if (read(fd, &go, 1) != 1) {
        _exit(0); /* the parent's side of the fork was not right */
    }
    r->process = r->n_processes++;
    r->fork_depth++;
    r->machine->ops->map_close(r->machine); /* it shows the parent's memory */
    rc = r->opt.maps == MAP_CHECK_NONE ? 0 : runner_map_open(r);
    rc = rc < 0 ? rc : runner_model_fork(r);
    rc = rc < 0 || r->over ? rc : runner_end_fork(r, s, true);
    if (rc == 0 && !r->over) {
        rc = runner_loop(r, at + 1, stop);
    }
    if (rc == 0 && !r->over) {
        rc = runner_judge_end(r);
    }
    write_report(r, first_step, rc);
    _exit(0);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * Until the other end of FD is closed, as the child's exit does: true. False if it makes no
 * progress for LIMIT_MS.
 */
static bool await_exit(const struct runner *r, int fd, int64_t limit_ms)
{
    unsigned long long beat = atomic_load(&r->report->beat);
    int64_t deadline = now_ms() + limit_ms;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - now_ms();
        int n = poll(&p, 1, left > 0 ? (int)left : 0);

        if (n > 0) {
            return true;
        }
        if (n == 0 && left <= 0) {
            unsigned long long seen = atomic_load(&r->report->beat);

            if (seen == beat) {
                return false;
            }
            beat = seen;
            deadline = now_ms() + limit_ms;
        }
    }
}

static int reap(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

/* An inner child's hang is its own parent's to report, so outer ones wait longer. */
static int64_t child_limit_ms(const struct runner *r)
{
    int64_t patience = r->fork_depth < PROG_FORKS_MAX ? PROG_FORKS_MAX - r->fork_depth : 1;

    return ((int64_t)runner_hang_ms(r) + GRACE_MS) * (patience + 1);
}

/* Wait for the child and take over what it left. */
static int take_child(struct runner *r, struct trace_step *s, size_t stop, pid_t pid, int fd)
{
    bool alive_too_long = !await_exit(r, fd, child_limit_ms(r));
    int status;

    if (alive_too_long) {
        kill(pid, SIGKILL);
    }
    status = reap(pid);
    if (r->report->complete) {
        return read_report(r, s->op, stop);
    }
    s->outcome = (struct outcome){.kind = alive_too_long ? OUTCOME_HANG : OUTCOME_CRASH,
                                  .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0};
    if (alive_too_long) {
        return runner_finding_text(r, s, INV_NO_ABORT, "the child process makes no progress");
    }
    return WIFSIGNALED(status)
               ? runner_finding_text(r, s, INV_NO_ABORT, "the child process was ended by %s",
                                     strsignal(WTERMSIG(status)))
               : runner_finding_text(r, s, INV_NO_ABORT,
                                     "the child process left with status %d before its end",
                                     WEXITSTATUS(status));
}

/* The parent judges its side, then the child may go on. */
static int run_parent(struct runner *r, struct trace_step *s, size_t stop, pid_t pid, int fd)
{
    int rc = runner_end_fork(r, s, false);

    if (rc < 0 || r->over) {
        kill(pid, SIGKILL);
        reap(pid);
        return rc;
    }
    (void)send(fd, "g", 1, MSG_NOSIGNAL); /* a child that is gone already is seen by the wait */
    return take_child(r, s, stop, pid, fd);
}

/* fork_start has the lock: fork, and nothing else. */
static int do_fork(struct runner *r, struct trace_step *s, size_t at, size_t stop)
{
    int fd[2];
    pid_t pid;
    int rc;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0) {
        return err_set(r->err, -errno, "cannot make a socket pair: %s", strerror(errno));
    }
    r->report->complete = false;
    pid = fork();
    if (pid == 0) {
        close(fd[0]);
        run_child(r, s, at, stop, fd[1]);
    }
    close(fd[1]);
    rc = pid < 0 ? err_set(r->err, -errno, "cannot fork: %s", strerror(errno))
                 : run_parent(r, s, stop, pid, fd[0]);
    close(fd[0]);
    return rc;
}

int runner_fork(struct runner *r, size_t at, size_t stop, size_t *next)
{
    struct trace_step *s = runner_new_step(r, at);
    size_t wait = prog_wait_of(r->prog, at, stop);

    *next = wait;
    r->fail_nth = 0;
    runner_begin_step(r);
    if (!runner_guard(r, s, call_fork_start)) {
        return runner_judge(r, s, NULL);
    }
    if (s->outcome.kind != OUTCOME_OK) {
        return runner_finding_text(r, s, INV_FORK_CONSISTENT,
                                   "mmap_fork_start refuses although nobody holds the lock");
    }
    return r->machine->ops->fork ? runner_fork_sim(r, s, at, wait) : do_fork(r, s, at, wait);
}
