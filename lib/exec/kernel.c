/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parent's side of the native kernel target: the ring of programs and records, the child's
 * birth and death. The child announces what it finds of its address space before the first program.
 */
#include "exec/kernel.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exec/kernel_impl.h"
#include "op/codec.h"

enum { POLL_MS = 20, START_MS = 10000 };

struct kernel {
    struct kernel_shared *sh;
    pid_t pid; /* 0: no child */
    unsigned taken;
    bool again; /* the oldest program has ended or hung a child before */
    unsigned hang_ms;
    struct buf bytes;
    struct prog_config config[KERNEL_RING]; /* of the programs on their way */
    char reason[KERNEL_RING][256];          /* why one cannot run here; empty: it can */
};

void kernel_wait(atomic_uint *word, unsigned seen, unsigned ms)
{
    const struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)syscall(SYS_futex, word, FUTEX_WAIT, seen, &limit, NULL, 0);
}

void kernel_wake(atomic_uint *word)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* End the child if there is one, and its own children, which are in its process group. */
static void end_child(struct kernel *k)
{
    if (k->pid > 0) {
        (void)kill(-k->pid, SIGKILL);
        (void)kill(k->pid, SIGKILL);
        while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        k->pid = 0;
    }
}

/* Both sides of the fork put the child into a group of its own: whoever comes first. */
static int start_child(struct kernel *k, struct err *e)
{
    pid_t parent = getpid();

    k->sh->rc = 1;
    k->pid = fork();
    if (k->pid < 0) {
        k->pid = 0;
        return err_set(e, -errno, "cannot fork the native child: %s", strerror(errno));
    }
    if (k->pid == 0) {
        (void)setpgid(0, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(0);
        }
        kernel_child(k->sh);
    }
    (void)setpgid(k->pid, k->pid);
    return 0;
}

/* 0 once the child is ready, or what kept it from it. */
static int await_start(struct kernel *k, struct err *e)
{
    int64_t deadline = now_ms() + START_MS;

    for (;;) {
        unsigned beat = atomic_load(&k->sh->beat);

        if (k->sh->rc <= 0) {
            break;
        }
        kernel_wait(&k->sh->beat, beat, POLL_MS);
        if (waitpid(k->pid, NULL, WNOHANG) == k->pid) {
            k->pid = 0;
            return err_set(e, -ECHILD, "the native child ended before its first program");
        }
        if (now_ms() > deadline) {
            end_child(k);
            return err_set(e, -ETIME, "the native child does not start");
        }
    }
    if (k->sh->rc < 0) {
        int rc = k->sh->rc;

        err_set(e, rc, "%s", k->sh->error);
        end_child(k);
        return rc;
    }
    return 0;
}

static int restart(struct kernel *k, struct err *e)
{
    int rc = start_child(k, e);

    return rc < 0 ? rc : await_start(k, e);
}

int kernel_open(struct kernel **ret, struct err *e)
{
    struct kernel *k = calloc(1, sizeof(*k));
    void *at;
    int rc;

    if (!k) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    k->hang_ms = KERNEL_HANG_MS;
    at = mmap(NULL, sizeof(*k->sh), PROT_READ | PROT_WRITE,
              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        rc = err_set(e, -errno, "no memory to share with the native child: %s", strerror(errno));
        free(k);
        return rc;
    }
    k->sh = at;
    rc = restart(k, e);
    if (rc < 0) {
        kernel_close(k);
        return rc;
    }
    *ret = k;
    return 0;
}

struct kernel *kernel_close(struct kernel *k)
{
    if (k) {
        end_child(k);
        (void)munmap(k->sh, sizeof(*k->sh));
        buf_free(&k->bytes);
        free(k);
    }
    return NULL;
}

static struct {
    pthread_once_t once;
    bool yes;
    struct err why;
} available = {.once = PTHREAD_ONCE_INIT};

static void find_out(void)
{
    struct kernel *k;

    available.yes = kernel_open(&k, &available.why) == 0;
    if (available.yes) {
        kernel_close(k);
    }
}

bool kernel_available(const char **why)
{
    (void)pthread_once(&available.once, find_out);
    *why = available.why.text;
    return available.yes;
}

/* Why P cannot run here, into REASON; true if it can. */
static bool fits(const struct prog *p, const struct record_place *place, char *reason, size_t size)
{
    struct buf text = BUF_INIT;
    const struct prog_config *c = &p->config;
    const char *unfit = record_unfit(p, c, place->system, &text);

    reason[0] = '\0';
    if (unfit) {
        snprintf(reason, size, "%s", unfit);
    } else if (c->value[CONFIG_GUEST_PAGE] != place->page || c->value[CONFIG_BITS] != place->bits ||
               c->value[CONFIG_RESERVED] != 0) {
        snprintf(reason, size, "the native kernel has guest_page=%u bits=%u reserved=0 only",
                 (unsigned)place->page, place->bits);
    }
    buf_free(&text);
    return reason[0] == '\0';
}

static int put_program(struct kernel *k, struct kernel_slot *s, const struct prog *p, struct err *e)
{
    buf_clear(&k->bytes);
    prog_encode(p, &k->bytes);
    if (buf_failed(&k->bytes)) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    if (k->bytes.len > sizeof(s->program)) {
        return err_set(e, -E2BIG, "the program is longer than %zu bytes", sizeof(s->program));
    }
    memcpy(s->program, k->bytes.data, k->bytes.len);
    s->len = (uint32_t)k->bytes.len;
    return 0;
}

/* An empty record whose vectors are the slot's own and have all the room they will ever have. */
static void clear_slot(struct kernel_slot *s, const struct record_place *place)
{
    s->rc = 0;
    s->n_processes = 1;
    s->record = (struct record){.place = *place};
    s->record.steps.v = s->steps;
    s->record.steps.cap = KERNEL_STEPS_MAX;
    s->record.regions.v = s->regions;
    s->record.regions.cap = KERNEL_REGIONS_MAX;
    s->record.digests.v = s->digests;
    s->record.digests.cap = KERNEL_DIGESTS_MAX;
}

int kernel_submit(struct kernel *k, const struct prog *p, struct err *e)
{
    unsigned n = atomic_load(&k->sh->submitted);
    struct kernel_slot *s = &k->sh->slot[n % KERNEL_RING];

    if (n - k->taken >= KERNEL_RING) {
        return -EAGAIN;
    }
    k->config[n % KERNEL_RING] = p->config;
    clear_slot(s, &k->sh->place);
    s->len = 0;
    if (fits(p, &k->sh->place, k->reason[n % KERNEL_RING], sizeof(k->reason[0]))) {
        int rc = put_program(k, s, p, e);

        if (rc < 0) {
            return rc;
        }
    }
    atomic_store(&k->sh->submitted, n + 1);
    if (atomic_load(&k->sh->child_waits)) {
        kernel_wake(&k->sh->submitted);
    }
    return 0;
}

/* The step that was being run when the child ended says how. */
static void mark_end(struct record *r, enum outcome_kind kind, int signal)
{
    struct record_step *s = NULL;

    for (size_t i = r->steps.n; i-- > 0;) {
        if (r->steps.v[i].what == RECORD_OP) {
            s = &r->steps.v[i];
            break;
        }
    }
    if (!s && (s = record_add(r, RECORD_OP)) == NULL) {
        return;
    }
    s->step.outcome = (struct outcome){.kind = (uint8_t)kind, .signal = signal};
    s->has_regions = false;
}

/*
 * The child ended, or was ended because it hung, in slot S. Somebody else may have killed or
 * stopped it: a fresh child runs the program once more, and only what happens to both is the
 * outcome of its step. SIGKILL never is: no op can bring it about. Those behind it have a fresh
 * child too.
 */
static int take_over(struct kernel *k, struct kernel_slot *s, enum outcome_kind kind, int status,
                     struct err *e)
{
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

    if (atomic_load(&k->sh->done) != k->taken) {
        return restart(k, e); /* it had just come to the next one */
    }
    if (!k->again) {
        k->again = true;
        clear_slot(s, &k->sh->place);
        return restart(k, e);
    }
    if (signal == SIGKILL) {
        s->rc = -ECHILD;
        snprintf(s->error, sizeof(s->error), "it was killed, and once more in a second attempt");
    } else {
        mark_end(&s->record, kind, signal);
    }
    atomic_fetch_add(&k->sh->done, 1);
    return restart(k, e);
}

/* Until slot S is done. 0 or a negative errno. */
static int await_slot(struct kernel *k, struct kernel_slot *s, struct err *e)
{
    unsigned beat = atomic_load(&k->sh->beat);
    int64_t deadline = now_ms() + k->hang_ms;
    int rc = 0;

    while (rc == 0) {
        unsigned done = atomic_load(&k->sh->done);
        unsigned seen;
        int status;

        if (done != k->taken) {
            return 0;
        }
        atomic_store(&k->sh->parent_waits, 1);
        if (atomic_load(&k->sh->done) == done) {
            kernel_wait(&k->sh->done, done, POLL_MS);
        }
        atomic_store(&k->sh->parent_waits, 0);
        if (atomic_load(&k->sh->done) != done) {
            return 0;
        }
        if (waitpid(k->pid, &status, WNOHANG) == k->pid) {
            (void)kill(-k->pid, SIGKILL);
            k->pid = 0;
            rc = take_over(k, s, OUTCOME_CRASH, status, e);
            continue;
        }
        seen = atomic_load(&k->sh->beat);
        if (seen != beat) {
            beat = seen;
            deadline = now_ms() + k->hang_ms;
        } else if (now_ms() > deadline) {
            end_child(k);
            rc = take_over(k, s, OUTCOME_HANG, 0, e);
        }
    }
    return rc;
}

int kernel_take(struct kernel *k, struct record *ret, struct err *e)
{
    unsigned at = k->taken % KERNEL_RING;
    struct kernel_slot *s = &k->sh->slot[at];
    int rc;

    if (k->taken == atomic_load(&k->sh->submitted)) {
        return err_set(e, -EINVAL, "no program is on its way to the native child");
    }
    k->again = false;
    rc = await_slot(k, s, e);
    if (rc < 0) {
        return rc;
    }
    k->taken++;
    if (s->rc < 0) {
        return err_set(e, s->rc, "native child: %s", s->error);
    }
    rc = record_copy(ret, &s->record);
    snprintf(ret->maker, sizeof(ret->maker), "%s", KERNEL_NAME);
    ret->config = k->config[at];
    if (k->reason[at][0]) {
        ret->skipped = true;
        buf_str(&ret->reason, k->reason[at]);
    }
    return rc < 0 ? err_set(e, rc, "out of memory") : 0;
}

int kernel_run(struct kernel *k, const struct prog *p, struct record *ret, struct err *e)
{
    int rc = kernel_submit(k, p, e);

    return rc < 0 ? rc : kernel_take(k, ret, e);
}

void kernel_set_hang_ms(struct kernel *k, unsigned ms)
{
    k->hang_ms = ms;
}

pid_t kernel_child_pid(const struct kernel *k)
{
    return k->pid;
}
