/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers are forked before any child of theirs is; they take items from a counter that all see,
 * and leave texts in a file each that has lost its name, read when the worker is gone.
 */
#include "pool.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/int.h"
#include "base/vec.h"
#include "host/real.h"

/* What a worker says of itself, for the parent to see. */
struct slot {
    pid_t pid; /* 0: none; written by the parent alone */
    FILE *f;   /* the parent's */
    bool done; /* run() came back, with rc */
    bool busy; /* with item */
    bool left; /* the layer under test leaves the process */
    uint64_t item;
    int rc;
    char error[ERR_TEXT_MAX];
};

struct shared {
    atomic_ullong next; /* how many items are taken */
    struct slot slot[];
};

struct pool {
    const struct pool_work *work;
    struct shared *shared;
    struct slot *mine;
    FILE *f;
    uint64_t at, stop; /* items in hand */
};

/* The slot of this process, for what runs as it exits. */
static struct slot *exit_slot;

unsigned pool_jobs(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : (unsigned)u64_min((uint64_t)n, POOL_JOBS_MAX);
}

bool pool_next(struct pool *p, uint64_t *ret)
{
    const struct pool_work *w = p->work;

    if (p->at == p->stop) {
        uint64_t chunk = w->chunk && !w->apart ? w->chunk : 1;

        p->at = atomic_fetch_add(&p->shared->next, chunk);
        p->stop = u64_min(p->at + chunk, w->n);
        if (p->at >= w->n) {
            p->at = p->stop = w->n;
            p->mine->busy = false;
            return false;
        }
    }
    *ret = p->mine->item = p->at++;
    p->mine->busy = true;
    if (w->apart && w->seconds) {
        (void)alarm(w->seconds);
    }
    return true;
}

void pool_put(struct pool *p, uint64_t item, const struct buf *text)
{
    if (p->work->apart) {
        (void)alarm(0);
    }
    fprintf(p->f, "%" PRIu64 " %zu ", item, text->len);
    fwrite(buf_text(text), 1, text->len, p->f);
    fflush(p->f);
}

void pool_field(struct buf *text, const char *s)
{
    buf_add(text, s, strlen(s) + 1);
}

const char *pool_next_field(const struct buf *text, size_t *at)
{
    const char *s = *at < text->len ? text->data + *at : "";

    *at += strlen(s) + 1;
    return s;
}

void pool_results_free(struct pool_results *r)
{
    for (size_t i = 0; i < r->n; i++) {
        buf_free(&r->v[i].text);
    }
    free(r->v);
    *r = (struct pool_results){0};
}

static void note_exit(void)
{
    if (exit_slot) {
        exit_slot->left = host_catch_inside();
    }
}

static void run_worker(const struct pool_work *w, struct shared *shared, struct slot *mine)
{
    struct pool p = {.work = w, .shared = shared, .mine = mine, .f = mine->f};
    struct err e = {""};
    int rc = w->run(&p, w->arg, &e);

    if (fflush(mine->f) != 0 || ferror(mine->f)) {
        rc = err_set(&e, -EIO, "a worker cannot write what it found: %s", strerror(errno));
    }
    if (rc < 0) {
        atomic_store(&shared->next, w->n); /* the others need not go on */
    }
    snprintf(mine->error, sizeof(mine->error), "%s", e.text);
    mine->rc = rc;
    mine->done = true;
}

static int start(const struct pool_work *w, struct shared *shared, struct slot *s, struct err *e)
{
    pid_t parent = getpid();
    pid_t pid;

    *s = (struct slot){.f = tmpfile()};
    if (!s->f) {
        return err_set(e, -errno, "cannot make a temporary file: %s", strerror(errno));
    }
    if (w->jobs == 1 && !w->apart) {
        run_worker(w, shared, s);
        return 0;
    }
    (void)fflush(NULL); /* or a layer that calls exit() prints it once more */
    pid = fork();
    if (pid < 0) {
        int rc = err_set(e, -errno, "cannot fork a worker: %s", strerror(errno));

        fclose(s->f);
        return rc;
    }
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(1);
        }
        exit_slot = s;
        (void)atexit(note_exit);
        run_worker(w, shared, s);
        _exit(0);
    }
    s->pid = pid;
    return 0;
}

static int add_result(struct pool_results *to, const struct pool_result *r, struct err *e)
{
    if (buf_failed(&r->text) || vec_reserve(to, to->n + 1) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    to->v[to->n++] = *r;
    return 0;
}

/* What a worker has left in F; a text that is not whole is that of one that died. */
static int read_results(FILE *f, struct pool_results *to, struct err *e)
{
    uint64_t item;
    size_t len;
    int rc = 0;

    rewind(f);
    while (rc == 0 && fscanf(f, "%" SCNu64 " %zu", &item, &len) == 2 && fgetc(f) == ' ') {
        struct pool_result r = {.item = item};
        char chunk[4096];
        size_t got = 1;

        while (r.text.len < len && got > 0) {
            got = fread(chunk, 1, u64_min(len - r.text.len, sizeof(chunk)), f);
            buf_add(&r.text, chunk, got);
        }
        rc = r.text.len == len ? add_result(to, &r, e) : 0;
        if (rc < 0 || r.text.len != len) {
            buf_free(&r.text);
        }
    }
    return rc;
}

static void print_status(int status, unsigned seconds, struct buf *out)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        buf_fmt(out, "no answer in %u seconds", seconds);
    } else if (WIFSIGNALED(status)) {
        buf_fmt(out, "a worker was ended by %s", strsignal(WTERMSIG(status)));
    } else {
        buf_fmt(out, "a worker left with status %d", WEXITSTATUS(status));
    }
}

/* What is common to the workers of a run, in the parent. */
struct run {
    const struct pool_work *work;
    struct shared *shared;
    struct pool_results *results;
    int rc; /* of the lowest item so far */
    uint64_t rc_item;
    struct err *e;
};

static void note_error(struct run *r, int rc, uint64_t item, const char *text)
{
    if (r->rc == 0 || item < r->rc_item) {
        r->rc = err_set(r->e, rc, "%s", text);
        r->rc_item = item;
    }
}

static void note_death(struct run *r, const struct slot *s, int status)
{
    struct pool_result result = {.item = s->item, .died = true, .left = s->left};
    struct err e;

    print_status(status, r->work->seconds, &result.text);
    if (!r->work->apart || !s->busy) {
        note_error(r, -ECHILD, s->item, buf_text(&result.text));
        buf_free(&result.text);
    } else if (add_result(r->results, &result, &e) < 0) {
        note_error(r, -ENOMEM, s->item, e.text);
        buf_free(&result.text);
    }
}

/* The worker of S is gone: take what it left, and if it died over an item begin another. */
static void end_worker(struct run *r, struct slot *s, int status)
{
    struct err e;
    bool died = !s->done;
    int rc = read_results(s->f, r->results, &e);

    s->pid = 0;
    fclose(s->f);
    s->f = NULL;
    if (rc < 0) {
        note_error(r, rc, s->item, e.text);
    }
    if (s->done && s->rc < 0) {
        note_error(r, s->rc, s->item, s->error);
    }
    if (died) {
        note_death(r, s, status);
    }
    if (died && r->rc == 0) {
        rc = start(r->work, r->shared, s, &e);
        if (rc < 0) {
            note_error(r, rc, s->item, e.text);
        }
    }
}

static unsigned running(const struct shared *shared, unsigned jobs)
{
    unsigned n = 0;

    for (unsigned i = 0; i < jobs; i++) {
        n += shared->slot[i].pid != 0;
    }
    return n;
}

static void run_workers(struct run *r)
{
    unsigned jobs = r->work->jobs;
    struct err e;
    int rc = 0;

    for (unsigned i = 0; i < jobs && rc == 0; i++) {
        struct slot *s = &r->shared->slot[i];

        rc = start(r->work, r->shared, s, &e);
        if (rc < 0) {
            note_error(r, rc, 0, e.text);
        } else if (s->pid == 0) {
            end_worker(r, s, 0);
        }
    }
    while (running(r->shared, jobs) > 0) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, 0);

        if (pid < 0 && errno != EINTR) {
            note_error(r, -errno, 0, strerror(errno));
            return;
        }
        for (unsigned i = 0; pid > 0 && i < jobs; i++) {
            if (r->shared->slot[i].pid == pid) {
                end_worker(r, &r->shared->slot[i], status);
            }
        }
    }
}

static int by_item(const void *a, const void *b)
{
    const struct pool_result *x = a;
    const struct pool_result *y = b;

    return x->item < y->item ? -1 : x->item > y->item;
}

/* As many as have something to do. */
static unsigned useful_jobs(const struct pool_work *w)
{
    uint64_t shares = w->n / u64_max(w->apart ? 1 : w->chunk, 1) + 1;

    return (unsigned)u64_max(1, u64_min(u64_min(w->jobs, shares), POOL_JOBS_MAX));
}

int pool_run(const struct pool_work *work, struct pool_results *ret, struct err *e)
{
    struct pool_work w = *work;
    struct run r = {.work = &w, .results = ret, .e = e};
    size_t size;

    w.jobs = useful_jobs(work);
    size = sizeof(struct shared) + w.jobs * sizeof(struct slot);
    r.shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r.shared == MAP_FAILED) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    run_workers(&r);
    (void)munmap(r.shared, size);
    if (ret->n > 1) {
        qsort(ret->v, ret->n, sizeof(*ret->v), by_item);
    }
    return r.rc;
}
