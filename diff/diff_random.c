/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers are forked before any child of theirs is; they take seeds from a counter that all see, a
 * few at a time, and leave counts in shared memory and findings in a file that has lost its name.
 */
#include "diff_random.h"

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

#include "base/vec.h"
#include "diff_gen.h"
#include "diff_report.h"
#include "exec/kernel.h"
#include "signature.h"

enum {
    AHEAD = 12, /* programs that the leader may run before the follower comes */
    CHUNK = 64, /* seeds that a worker takes at once */
    SIGNATURES_MAX = 200,
};

_Static_assert((int)AHEAD <= (int)KERNEL_RING, "what is made can be handed over");

struct worker {
    pid_t pid; /* written by the parent alone */
    int rc;
    char error[ERR_TEXT_MAX];
    struct diff_counts counts;
};

struct pool {
    atomic_ullong next; /* how many seeds are taken */
    uint64_t n, seed;
    struct worker worker[];
};

static void write_text(FILE *f, const struct buf *b)
{
    fprintf(f, "%zu ", b->len);
    fwrite(buf_text(b), 1, b->len, f);
}

static bool is_new(struct buf *seen, const struct buf *signature)
{
    struct buf line = BUF_INIT;
    bool fresh;

    buf_fmt(&line, "\n%s\n", buf_text(signature));
    fresh = !buf_failed(&line) && !strstr(buf_text(seen), line.data);
    if (fresh) {
        buf_str(seen, line.data);
    }
    buf_free(&line);
    return fresh;
}

/* A finding into F, if it is the first of its signature here. */
static void leave_finding(const struct diff_set *d, const struct prog *p, const char *command,
                          uint64_t seed, struct buf *seen, FILE *f)
{
    struct buf signature = BUF_INIT;
    struct buf text = BUF_INIT;
    struct buf what = BUF_INIT;
    struct buf program = BUF_INIT;

    signature_of(d, p, &signature);
    if (is_new(seen, &signature)) {
        buf_fmt(&what, "%s--random 1 --seed %" PRIu64, command, seed);
        diff_report(d, p, buf_text(&what), &text);
        buf_free(&what);
        fprintf(f, "%" PRIu64 " ", seed);
        write_text(f, &signature);
        diff_print_program(d, p, &program);
        write_text(f, &text);
        write_text(f, &program);
    }
    buf_free(&signature);
    buf_free(&text);
    buf_free(&program);
}

struct queue {
    struct prog prog[AHEAD];
    uint64_t made, run; /* since the worker's start */
    uint64_t seed[AHEAD];
    uint64_t at, stop; /* seeds in hand, counted from the first */
};

/* The next seed of this worker; false if there is none left. */
static bool next_seed(struct pool *pool, struct queue *q, uint64_t *ret)
{
    if (q->at == q->stop) {
        q->at = atomic_fetch_add(&pool->next, CHUNK);
        q->stop = u64_min(q->at + CHUNK, pool->n);
        if (q->at >= pool->n) {
            q->at = q->stop = pool->n;
            return false;
        }
    }
    *ret = pool->seed + q->at++;
    return true;
}

/* What the program of SEED is made of: each system has its turn. */
static struct diff_gen recipe(const struct diff_set *d, uint64_t seed)
{
    enum abi_system lead = d->v[d->lead].spec.system;
    struct diff_gen how = {.system = lead, .peers = diff_set_has_peers(d)};

    for (size_t i = 0; i < d->n; i++) {
        how.native |= d->v[i].spec.kind == TARGET_KERNEL;
        how.systems |= d->v[i].spec.system != lead;
    }
    if (how.systems && seed % 2) {
        how.system = lead == ABI_LINUX ? ABI_FREEBSD : ABI_LINUX;
    }
    return how;
}

/* Make programs and let the leader run them, as many as may be on their way. */
static int fill_queue(struct pool *pool, struct queue *q, struct diff_set *d, struct err *e)
{
    while (q->made - q->run < AHEAD) {
        struct prog *p = &q->prog[q->made % AHEAD];
        struct diff_gen how;
        uint64_t seed;
        int rc;

        if (!next_seed(pool, q, &q->seed[q->made % AHEAD])) {
            return 0;
        }
        seed = q->seed[q->made % AHEAD];
        how = recipe(d, seed);
        if (diff_generate(p, &how, seed) < 0) {
            return err_set(e, -ENOMEM, "out of memory");
        }
        q->made++;
        rc = diff_set_ahead(d, p, e);
        if (rc == -EAGAIN) {
            return 0; /* a leader that runs nothing ahead */
        }
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static int work(struct pool *pool, struct diff_set *d, const struct diff_plan *plan, FILE *f,
                struct err *e)
{
    struct queue *q = calloc(1, sizeof(*q));
    struct buf seen = BUF_INIT;
    int rc = q ? 0 : err_set(e, -ENOMEM, "out of memory");

    for (size_t i = 0; q && i < AHEAD; i++) {
        q->prog[i] = PROG_INIT;
    }
    while (rc >= 0 && (rc = fill_queue(pool, q, d, e)) == 0 && q->run < q->made) {
        size_t at = q->run++ % AHEAD;

        rc = diff_set_run(d, &q->prog[at], e);
        if (rc == 1) {
            leave_finding(d, &q->prog[at], plan->command, q->seed[at], &seen, f);
        }
    }
    for (size_t i = 0; q && i < AHEAD; i++) {
        prog_free(&q->prog[i]);
    }
    free(q);
    buf_free(&seen);
    return rc < 0 ? rc : 0;
}

static void run_worker(struct pool *pool, struct worker *w, const struct diff_plan *plan, FILE *f)
{
    struct diff_set d = {0};
    struct err e = {""};
    int rc = diff_set_open(&d, plan->specs, plan->n_specs, &plan->options, &e);

    d.rules_off = plan->rules_off;
    rc = rc < 0 ? rc : work(pool, &d, plan, f, &e);
    w->counts = d.counts;
    diff_set_close(&d);
    fflush(f);
    snprintf(w->error, sizeof(w->error), "%s", e.text);
    w->rc = rc;
}

static void finding_free(struct diff_finding *f)
{
    free(f->signature);
    free(f->text);
    free(f->program);
}

void diff_findings_free(struct diff_findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        finding_free(&f->v[i]);
    }
    free(f->v);
    *f = (struct diff_findings){0};
}

static char *read_text(FILE *f)
{
    size_t len;
    char *text;

    if (fscanf(f, "%zu", &len) != 1 || fgetc(f) != ' ' || (text = malloc(len + 1)) == NULL) {
        return NULL;
    }
    text[fread(text, 1, len, f)] = '\0';
    return text;
}

static int read_findings(FILE *f, struct diff_findings *to, struct err *e)
{
    struct diff_finding x;

    rewind(f);
    while (fscanf(f, "%" SCNu64 " ", &x.seed) == 1) {
        x.signature = read_text(f);
        x.text = x.signature ? read_text(f) : NULL;
        x.program = x.text ? read_text(f) : NULL;
        if (!x.program || vec_reserve(to, to->n + 1) < 0) {
            finding_free(&x);
            return err_set(e, -EIO, "a worker's findings cannot be read");
        }
        to->v[to->n++] = x;
    }
    return 0;
}

static int by_seed(const void *a, const void *b)
{
    const struct diff_finding *x = a;
    const struct diff_finding *y = b;

    return x->seed < y->seed ? -1 : x->seed > y->seed;
}

/* One of each signature, that of the lowest seed. */
static void keep_first(struct diff_findings *f)
{
    size_t kept = 0;

    if (f->n > 1) {
        qsort(f->v, f->n, sizeof(*f->v), by_seed);
    }
    for (size_t i = 0; i < f->n; i++) {
        bool seen = kept == SIGNATURES_MAX;

        for (size_t k = 0; k < kept && !seen; k++) {
            seen = strcmp(f->v[k].signature, f->v[i].signature) == 0;
        }
        if (seen) {
            finding_free(&f->v[i]);
        } else {
            f->v[kept++] = f->v[i];
        }
    }
    f->n = kept;
}

/* What worker W, whose process is gone, has left. */
static int take(struct worker *w, int status, FILE *f, struct diff_counts *counts,
                struct diff_findings *findings, struct err *e)
{
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return err_set(e, -ECHILD, "a worker was ended by %s",
                       WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "an exit of its own");
    }
    if (w->rc < 0) {
        return err_set(e, w->rc, "%s", w->error);
    }
    diff_counts_add(counts, &w->counts);
    return read_findings(f, findings, e);
}

/* Start worker I: in a process of its own, or if it is the only one in this. */
static int start(struct pool *pool, unsigned i, unsigned jobs, const struct diff_plan *plan,
                 FILE *f, struct err *e)
{
    struct worker *w = &pool->worker[i];
    pid_t parent = getpid();
    pid_t pid;

    if (jobs == 1) {
        run_worker(pool, w, plan, f);
        return 0;
    }
    pid = fork();
    if (pid < 0) {
        return err_set(e, -errno, "cannot fork a worker: %s", strerror(errno));
    }
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(1);
        }
        run_worker(pool, w, plan, f);
        _exit(0);
    }
    w->pid = pid;
    return 0;
}

static int run_workers(struct pool *pool, unsigned jobs, const struct diff_plan *plan, FILE **files,
                       struct diff_counts *counts, struct diff_findings *findings, struct err *e)
{
    int rc = 0;

    for (unsigned i = 0; i < jobs && rc == 0; i++) {
        rc = start(pool, i, jobs, plan, files[i], e);
    }
    for (unsigned i = 0; i < jobs; i++) {
        struct worker *w = &pool->worker[i];
        int status = 0;

        if (jobs > 1 && w->pid <= 0) {
            continue;
        }
        while (jobs > 1 && waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (rc == 0) {
            rc = take(w, status, files[i], counts, findings, e);
        }
    }
    return rc;
}

int diff_random(const struct diff_plan *plan, uint64_t n, uint64_t seed, unsigned jobs,
                struct diff_counts *counts, struct diff_findings *findings, struct err *e)
{
    size_t size = sizeof(struct pool) + jobs * sizeof(struct worker);
    struct pool *pool = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    FILE **files = calloc(jobs, sizeof(*files));
    int rc = 0;

    if (pool == MAP_FAILED || !files) {
        free(files);
        return err_set(e, -ENOMEM, "out of memory");
    }
    pool->n = n;
    pool->seed = seed;
    for (unsigned i = 0; i < jobs && rc == 0; i++) {
        files[i] = tmpfile();
        rc = files[i] ? 0 : err_set(e, -errno, "cannot make a temporary file: %s", strerror(errno));
    }
    if (rc == 0) {
        rc = run_workers(pool, jobs, plan, files, counts, findings, e);
    }
    for (unsigned i = 0; i < jobs; i++) {
        if (files[i]) {
            fclose(files[i]);
        }
    }
    free(files);
    (void)munmap(pool, size);
    keep_first(findings);
    return rc;
}
