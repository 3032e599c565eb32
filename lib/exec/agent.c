/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's side of an agent: the ring of programs, frames as they come, deaths and second
 * attempts. A program that is tried again is alone on its way, so that what the command says on
 * standard error then is about it.
 */
#include "exec/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "exec/agent_look.h"
#include "exec/agent_proc.h"
#include "exec/agent_steps.h"
#include "exec/kernel_limits.h"
#include "exec/said.h"
#include "exec/words.h"
#include "op/codec.h"

enum {
    POLL_MS = 50,
    START_MS = 30000,
    STARTS_MAX = 3,     /* in a row that fail: there is no agent to be had any more */
    TRIES_MAX = 2,      /* of a program before what happened to it counts */
    SUSPICION = 10,     /* the first ends after this part of the time that the last one has, */
    SUSPICION_MS = 250, /* but not earlier */
    EXIT_SIGNAL = 128,  /* as wrappers say that what they ran ended by a signal */
};

enum slot_state { SLOT_WAITING, SLOT_SENT, SLOT_DONE };

/* A program on its way. */
struct slot {
    enum slot_state state;
    unsigned tries; /* that came to a bad end */
    struct prog prog;
    struct buf bytes;
    struct prog_config config;
    bool skipped;
    struct record record;
    int rc; /* the world failed */
    struct err why;
};

/* How a program, or the agent with it, came to its end. */
struct loss {
    enum { LOSS_SIGNAL, LOSS_STATUS, LOSS_HANG, LOSS_GARBAGE, LOSS_ERROR } kind;
    int signal;
    struct err why; /* GARBAGE, ERROR */
};

struct agent {
    struct words argv;
    char name[sizeof(((struct record *)0)->maker)];
    char arch[AGENT_ARCH_MAX];
    struct agent_proc proc;
    struct agent_hello hello;
    struct record_place limits; /* of this system */
    struct slot slot[AGENT_RING];
    unsigned submitted, taken;
    struct slot *sent[AGENT_RING]; /* in this order; the first is being run */
    unsigned n_sent;
    struct agent_steps steps; /* of it */
    unsigned hang_ms;
    uint8_t flags; /* of PROGRAM frames */
    bool host_view;
    struct region_vec host; /* scratch */
    unsigned starts;
    int64_t heard; /* when the agent last said anything, or was last given reason to */
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- start ---- */

/* 1 with the next frame in F, which is valid until more is read. */
static int next_frame(struct agent *a, struct agent_view *f, struct err *e)
{
    size_t used = 0;
    int rc = agent_frame_next((const uint8_t *)buf_text(&a->proc.in) + a->proc.read,
                              a->proc.in.len - a->proc.read, f, &used, e);

    a->proc.read += used;
    return rc;
}

static int take_hello(struct agent *a, const struct agent_view *f, struct err *e)
{
    unsigned bits = a->hello.place.bits;
    uint64_t page = a->hello.place.page;
    struct record_place *p = &a->hello.place;
    int rc;

    if (f->type == AGENT_ERROR) {
        return err_set(e, -EIO, "%.*s", (int)f->len, (const char *)f->data);
    }
    rc = f->type == AGENT_HELLO ? agent_read_hello(f, &a->hello, e)
                                : err_set(e, -EPROTO, "a frame of type %u, no HELLO", f->type);
    if (rc < 0) {
        return rc;
    }
    if ((bits && bits != p->bits) || (page && page != p->page)) {
        return err_set(e, -EPROTO, "it has other pages or addresses than when it first ran");
    }
    if (a->arch[0] && strcmp(a->arch, a->hello.arch) != 0) {
        return err_set(e, -EPROTO, "it is one for %s", a->hello.arch);
    }
    p->may_refuse = a->limits.may_refuse;
    p->commit_max = a->limits.commit_max;
    p->stack_max = a->limits.stack_max;
    p->emulated = a->limits.emulated;
    return 0;
}

static int await_hello(struct agent *a, struct err *e)
{
    int64_t deadline = now_ms() + START_MS;
    struct agent_view f;
    int rc;

    while ((rc = next_frame(a, &f, e)) == 0) {
        if (a->proc.closed) {
            return err_set(e, -EPROTO, "it ended before it said anything");
        }
        if (now_ms() > deadline) {
            return err_set(e, -ETIME, "it says nothing for %d s", START_MS / 1000);
        }
        (void)agent_proc_move(&a->proc, POLL_MS);
    }
    return rc < 0 ? rc : take_hello(a, &f, e);
}

static int no_agent(struct agent *a, int rc, const char *why, struct err *e)
{
    struct buf command = BUF_INIT;
    struct buf line = BUF_INIT;

    words_print(&a->argv, &command);
    said_line(&a->proc.said, &line);
    err_set(e, rc, "no agent from `%s`: %s%s%s", buf_text(&command), why,
            line.len ? "; it said: " : "", buf_text(&line));
    buf_free(&command);
    buf_free(&line);
    return rc;
}

static int start_once(struct agent *a, struct err *e)
{
    struct err why = {""};
    int rc = agent_proc_start(&a->proc, a->argv.v, e);

    if (rc < 0) {
        return rc;
    }
    rc = await_hello(a, &why);
    if (rc < 0) {
        if (a->proc.closed) {
            (void)agent_proc_status(&a->proc, POLL_MS);
        }
        agent_proc_end(&a->proc);
        return no_agent(a, rc, why.text, e);
    }
    a->heard = now_ms();
    a->starts++;
    return 0;
}

static int ensure_running(struct agent *a, struct err *e)
{
    int rc = 0;

    for (int i = 0; a->proc.pid == 0 && i < STARTS_MAX; i++) {
        rc = start_once(a, e);
    }
    return rc;
}

/* ---- life ---- */

static int copy_options(struct agent *a, const struct agent_options *o)
{
    snprintf(a->name, sizeof(a->name), "%s", o->name);
    snprintf(a->arch, sizeof(a->arch), "%s", o->arch ? o->arch : "");
    a->hang_ms = o->hang_ms ? o->hang_ms : AGENT_HANG_MS;
    for (char *const *word = o->argv; *word; word++) {
        if (words_add(&a->argv, *word) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

int agent_open(struct agent **ret, const struct agent_options *o, struct err *e)
{
    struct agent *a = calloc(1, sizeof(*a));
    int rc;

    if (!a) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    a->proc = AGENT_PROC_INIT;
    for (size_t i = 0; i < AGENT_RING; i++) {
        a->slot[i].prog = PROG_INIT;
    }
    kernel_limits(&a->limits);
    a->limits.emulated = o->emulated;
    a->host_view = o->host_view;
    a->flags = (o->host_view ? AGENT_PAUSE : 0) | (o->no_maps ? AGENT_NO_MAPS : 0);
    rc = copy_options(a, o) < 0 ? err_set(e, -ENOMEM, "out of memory") : start_once(a, e);
    if (rc < 0) {
        agent_close(a);
        return rc;
    }
    *ret = a;
    return 0;
}

struct agent *agent_close(struct agent *a)
{
    if (a) {
        agent_proc_free(&a->proc);
        words_free(&a->argv);
        agent_steps_free(&a->steps);
        region_vec_free(&a->host);
        for (size_t i = 0; i < AGENT_RING; i++) {
            prog_free(&a->slot[i].prog);
            buf_free(&a->slot[i].bytes);
            record_free(&a->slot[i].record);
        }
        free(a);
    }
    return NULL;
}

const struct record_place *agent_place(const struct agent *a)
{
    return &a->hello.place;
}

unsigned agent_starts(const struct agent *a)
{
    return a->starts;
}

/* ---- ends ---- */

static void conclude(struct slot *s)
{
    s->state = SLOT_DONE;
}

/* It has happened twice: it is what the program does. */
static void take_loss(struct agent *a, struct slot *s, const struct loss *l)
{
    switch (l->kind) {
    case LOSS_SIGNAL:
        if (l->signal == SIGKILL) { /* no op can bring it about */
            s->rc = err_set(&s->why, -ECHILD,
                            "%s: it was killed, and once more in a second attempt", a->name);
            break;
        }
        agent_steps_end(&a->steps, OUTCOME_CRASH, l->signal);
        break;
    case LOSS_STATUS:
        agent_steps_end(&a->steps, OUTCOME_CRASH, 0);
        break;
    case LOSS_HANG:
        agent_steps_end(&a->steps, OUTCOME_HANG, 0);
        break;
    case LOSS_GARBAGE:
        agent_steps_spoil(&a->steps);
        break;
    case LOSS_ERROR:
        s->rc = err_set(&s->why, -EIO, "%s: %s", a->name, l->why.text);
        break;
    }
    buf_clear(&s->record.said);
    if (l->kind == LOSS_GARBAGE) {
        buf_fmt(&s->record.said, "the agent says what is not the protocol: %s\n", l->why.text);
    }
    buf_add(&s->record.said, buf_text(&a->proc.said), a->proc.said.len);
    conclude(s);
}

/* The program that is being run has come to a bad end, with or without the agent. */
static void lose_first(struct agent *a, const struct loss *l)
{
    struct slot *s = a->sent[0];

    a->n_sent--;
    memmove(a->sent, a->sent + 1, a->n_sent * sizeof(struct slot *));
    if (++s->tries < TRIES_MAX) {
        s->state = SLOT_WAITING;
    } else {
        take_loss(a, s, l);
    }
    buf_clear(&a->proc.said);
}

/* The agent is gone or good for nothing: those behind the first have a fresh one. */
static void lose_agent(struct agent *a, const struct loss *l)
{
    agent_proc_end(&a->proc);
    if (a->n_sent > 0) {
        lose_first(a, l);
    }
    for (unsigned i = 0; i < a->n_sent; i++) {
        a->sent[i]->state = SLOT_WAITING;
    }
    a->n_sent = 0;
}

static struct loss loss_of_status(int status)
{
    if (WIFSIGNALED(status)) {
        return (struct loss){.kind = LOSS_SIGNAL, .signal = WTERMSIG(status)};
    }
    if (WEXITSTATUS(status) > EXIT_SIGNAL && WEXITSTATUS(status) < EXIT_SIGNAL + 32) {
        return (struct loss){.kind = LOSS_SIGNAL, .signal = WEXITSTATUS(status) - EXIT_SIGNAL};
    }
    return (struct loss){.kind = LOSS_STATUS};
}

/* ---- frames ---- */

/* What waits is written for the agent, as far as it may be on its way now. */
static void send_waiting(struct agent *a)
{
    for (unsigned n = a->taken; n != a->submitted; n++) {
        struct slot *s = &a->slot[n % AGENT_RING];
        bool alone = s->tries > 0 || (a->n_sent > 0 && a->sent[0]->tries > 0);

        if (s->state != SLOT_WAITING) {
            continue;
        }
        if (alone && a->n_sent > 0) {
            return;
        }
        if (a->n_sent == 0) {
            a->heard = now_ms();
            agent_steps_start(&a->steps, &s->prog, &s->record, &a->hello.place);
        }
        buf_le(&a->proc.out, s->bytes.len + 2, 4);
        buf_u8(&a->proc.out, AGENT_PROGRAM);
        buf_u8(&a->proc.out, a->flags);
        buf_add(&a->proc.out, s->bytes.data, s->bytes.len);
        s->state = SLOT_SENT;
        a->sent[a->n_sent++] = s;
    }
}

/* The program that is first now is the one that is being run. */
static void next_program(struct agent *a)
{
    if (a->n_sent > 0) {
        struct slot *s = a->sent[0];

        agent_steps_start(&a->steps, &s->prog, &s->record, &a->hello.place);
    }
}

static int take_done(struct agent *a, const struct agent_view *f, struct err *e)
{
    struct agent_done d;
    int rc = agent_read_done(f, &d, e);

    if (rc < 0) {
        return rc;
    }
    if (d.end == AGENT_EXITED && a->steps.open) {
        return err_set(e, -EPROTO, "DONE within a step");
    }
    if (d.end == AGENT_EXITED) {
        conclude(a->sent[0]);
        a->n_sent--;
        memmove(a->sent, a->sent + 1, a->n_sent * sizeof(struct slot *));
        buf_clear(&a->proc.said);
    } else {
        const struct loss l = {
            .kind = d.end == AGENT_SIGNALED ? LOSS_SIGNAL : LOSS_STATUS,
            .signal = d.end == AGENT_SIGNALED ? agent_signal_number((enum agent_signal)d.how) : 0,
        };

        agent_proc_listen(&a->proc);
        lose_first(a, &l);
    }
    next_program(a);
    return 0;
}

/* All steps are done: look at the process as long as it is there, then let it go. */
static int take_paused(struct agent *a, const struct agent_view *f, struct err *e)
{
    struct record *r = a->steps.record;
    uint32_t pid;
    int rc = agent_read_paused(f, &pid, e);
    struct err why;

    if (rc < 0) {
        return rc;
    }
    if (!a->host_view || a->steps.open) {
        return err_set(e, -EPROTO, "PAUSED where nobody asked for it");
    }
    region_vec_clear(&a->host);
    if (r->steps.n > 0 && agent_look(&a->hello, pid, &a->host, &why) == 0 &&
        record_put_host(r, &r->steps.v[r->steps.n - 1], &a->host) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    buf_le(&a->proc.out, 1, 4);
    buf_u8(&a->proc.out, AGENT_GO);
    return 0;
}

/* 0, or a negative errno with the reason in E: the agent is good for nothing. */
static int take_frame(struct agent *a, const struct agent_view *f, struct err *e)
{
    if (f->type == AGENT_ERROR) {
        return err_set(e, -EIO, "%.*s", (int)f->len, (const char *)f->data);
    }
    if (a->n_sent == 0) {
        return err_set(e, -EPROTO, "a frame of type %u without a program", f->type);
    }
    switch (f->type) {
    case AGENT_BEGIN:
    case AGENT_END:
        return agent_steps_take(&a->steps, f, e);
    case AGENT_DONE:
        return take_done(a, f, e);
    case AGENT_PAUSED:
        return take_paused(a, f, e);
    default:
        return err_set(e, -EPROTO, "a frame of type %u", f->type);
    }
}

static int take_frames(struct agent *a, struct err *e)
{
    struct agent_view f;
    int rc;

    while ((rc = next_frame(a, &f, e)) == 1) {
        rc = take_frame(a, &f, e);
        if (rc < 0) {
            return rc;
        }
    }
    return rc;
}

/* How long the agent may be silent over the program that it runs. */
static int64_t patience(const struct agent *a)
{
    int64_t all = a->hang_ms;
    int64_t part = all / SUSPICION > SUSPICION_MS ? all / SUSPICION : SUSPICION_MS;

    return a->sent[0]->tries + 1 < TRIES_MAX && part < all ? part : all;
}

/* GLib says so on standard output, where frames are expected, before it ends its process. */
static bool has_bailed_out(const struct agent *a)
{
    static const char text[] = "Bail out!";
    const struct buf *in = &a->proc.in;

    return in->len - a->proc.read >= sizeof(text) - 1 &&
           memcmp(in->data + a->proc.read, text, sizeof(text) - 1) == 0;
}

/* Wait for the agent, MS at most, and take what it says. 0, or -ENOMEM. */
static int listen_to(struct agent *a, unsigned ms)
{
    bool heard = agent_proc_move(&a->proc, ms);
    struct loss l = {.kind = LOSS_GARBAGE};
    int rc = take_frames(a, &l.why);

    if (heard) {
        a->heard = now_ms();
    }
    if (rc == -ENOMEM || buf_failed(&a->proc.in) || buf_failed(&a->proc.out)) {
        return -ENOMEM;
    }
    if (rc < 0) {
        l.kind = rc == -EIO ? LOSS_ERROR : has_bailed_out(a) ? LOSS_STATUS : LOSS_GARBAGE;
        agent_proc_listen(&a->proc);
        lose_agent(a, &l);
    } else if (a->proc.closed) {
        l = loss_of_status(agent_proc_status(&a->proc, POLL_MS * 20));
        lose_agent(a, &l);
    } else if (!heard && a->n_sent > 0 && now_ms() - a->heard > patience(a)) {
        lose_agent(a, &(struct loss){.kind = LOSS_HANG});
    }
    return 0;
}

/* ---- programs ---- */

int agent_submit(struct agent *a, const struct prog *p, struct err *e)
{
    struct slot *s = &a->slot[a->submitted % AGENT_RING];

    if (a->submitted - a->taken >= AGENT_RING) {
        return -EAGAIN;
    }
    record_clear(&s->record);
    buf_clear(&s->bytes);
    s->tries = 0;
    s->rc = 0;
    s->skipped = !agent_steps_fit(p, &a->hello.place, a->name, &s->config, &s->record.reason);
    s->state = s->skipped ? SLOT_DONE : SLOT_WAITING;
    prog_encode(p, &s->bytes);
    if (buf_failed(&s->bytes) || prog_copy(&s->prog, p) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    if (s->bytes.len > AGENT_FRAME_MAX - 2) {
        return err_set(e, -E2BIG, "the program is longer than %d bytes", AGENT_FRAME_MAX - 2);
    }
    a->submitted++;
    if (a->proc.pid > 0) {
        send_waiting(a);
        return listen_to(a, 0) < 0 ? err_set(e, -ENOMEM, "out of memory") : 0;
    }
    return 0;
}

static int await_slot(struct agent *a, const struct slot *s, struct err *e)
{
    int rc = 0;

    a->heard = now_ms();
    while (rc == 0 && s->state != SLOT_DONE) {
        rc = ensure_running(a, e);
        if (rc == 0) {
            send_waiting(a);
            rc = listen_to(a, POLL_MS) < 0 ? err_set(e, -ENOMEM, "out of memory") : 0;
        }
    }
    return rc;
}

/* S's record is RET's from now on, which leaves its memory to S. */
static void hand_over(const struct agent *a, struct slot *s, struct record *ret)
{
    struct record old = *ret;

    *ret = s->record;
    s->record = old;
    snprintf(ret->maker, sizeof(ret->maker), "%s", a->name);
    ret->config = s->config;
    ret->skipped = s->skipped;
    if (s->skipped) {
        ret->place = a->hello.place;
    }
}

int agent_take(struct agent *a, struct record *ret, struct err *e)
{
    struct slot *s = &a->slot[a->taken % AGENT_RING];
    int rc;

    if (a->taken == a->submitted) {
        return err_set(e, -EINVAL, "no program is on its way to the agent");
    }
    rc = await_slot(a, s, e);
    if (rc < 0) {
        return rc;
    }
    a->taken++;
    if (s->rc < 0) {
        return err_set(e, s->rc, "%s", s->why.text);
    }
    hand_over(a, s, ret);
    return 0;
}

int agent_run(struct agent *a, const struct prog *p, struct record *ret, struct err *e)
{
    int rc = agent_submit(a, p, e);

    return rc < 0 ? rc : agent_take(a, ret, e);
}
