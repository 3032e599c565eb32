/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner's inside, shared by its files: runner.c (lifecycle and loop), runner_config.c (where a
 * program runs), runner_step.c (values in, the layer's call, outcome out), runner_access.c (what
 * the guest does itself), runner_fork.c and runner_fork_sim.c (children), runner_check.c (what is
 * looked at after a step and who judges it), runner_record.c (what a watcher is left). What a real
 * or a simulated host is, machine.h knows. Nobody else includes this.
 */
#pragma once

#include "exec/machine.h"
#include "exec/runner.h"
#include "host/decorators.h"
#include "host/real.h"
#include "inv/ledger.h"

enum {
    HANG_MS_DEFAULT = 5000,
    TBS_MAX = 1 << 16, /* invalidations of one step; further ones widen the last */
    NO_STEP = -1,
};

/* A pair of vectors of which one holds what was before a step, the other what is after it. */
struct runner_regions {
    struct region_vec v[2];
    unsigned now;
};

struct runner_model;  /* the guest's kernel beside the run: runner_model.h */
struct fork_report;   /* what a child process leaves for its parent: runner_fork.c */
struct runner_parent; /* a process whose child runs in this process: runner_fork_sim.c */

struct runner {
    struct target_spec spec;
    struct layer *layer;
    bool layer_trusted; /* built in: changes the host only through the recorder */
    struct machine *machine;
    struct host_guard guard;
    struct host_fault_injector fault;
    struct host_recorder record;
    struct machine_window window;
    bool has_window; /* the program got as far as this */
    int fds[PROG_FILES_MAX];
    struct inv_ledger *ledger;
    struct runner_model *model;
    uint8_t *bytes; /* PROG_ACCESS_MAX: what a load or store moves */
    struct fork_report *report;
    struct runner_parent *parents[PROG_FORKS_MAX]; /* by fork_depth, made when they are needed */
    int copied;                                    /* what the layer's copy returned */

    /* The current program. */
    const struct prog *prog;
    struct run_options opt;
    struct run_result *res;
    struct err *err;
    bool over; /* a finding, or memory is used up: nothing more is run */
    struct {
        struct trace_step *v;
        size_t n, cap;
    } steps;
    struct {
        struct trace_tb *v;
        size_t n, cap;
    } tbs;
    struct {
        struct trace_call *v;
        size_t n, cap;
    } kept;
    bool keep;      /* the calls, and the guest's accesses as calls */
    struct record *watched; /* what the layer shows, step by step; NULL: nobody looks */
    bool watch_views;
    struct region_vec view; /* scratch of what is left there */
    bool watch_failed;      /* no memory for it */
    bool no_memory; /* the page dump found none */
    struct op_results results;
    struct runner_regions flags;
    struct runner_regions host;
    bool flags_fresh;        /* the next flags were collected in this step */
    bool host_fresh;         /* the next host map likewise */
    bool host_known;         /* host.v[host.now] is what the host held before the step */
    const char *broken_dump; /* what is wrong with the page dump as such */
    struct layer_counters counters, counters_before;
    struct layer_counters counters_dumped; /* behind a page dump, which is no step's work */
    uint64_t fail_nth;                     /* host_fail: for the next op; 0 none */
    int fail_err;
    int64_t judged; /* index of the last step that was judged, NO_STEP */
    struct {        /* a store that faulted: runner_access.c */
        gaddr at, page;
        unsigned tries;
        bool retry;
    } fault_state;
    unsigned process, n_processes, fork_depth;
    bool is_child;        /* the side of a fork that is being ended */
    const char *bad_lock; /* what is wrong with the lock after it */
};

static inline struct region_vec *regions_now(struct runner_regions *p)
{
    return &p->v[p->now];
}

static inline struct region_vec *regions_next(struct runner_regions *p)
{
    return &p->v[!p->now];
}

static inline unsigned runner_hang_ms(const struct runner *r)
{
    return r->opt.hang_ms ? r->opt.hang_ms : HANG_MS_DEFAULT;
}

/* Lowest N bits of a guest register. */
static inline uint64_t guest_register(const struct runner *r, uint64_t v)
{
    return r->res->space.bits == 32 ? (uint32_t)v : v;
}

/*
 * runner_config.c: 0 with res->config, res->space and the window ready; 1 if the program is skipped
 * (reason in res->reason); or a negative errno.
 */
int runner_configure(struct runner *r);

/* runner.c: run the ops of [AT, STOP). 0 or a negative errno; r->over after a finding. */
int runner_loop(struct runner *r, size_t at, size_t stop);
/* A new step for op AT; there is room for all ops of the program. */
struct trace_step *runner_new_step(struct runner *r, size_t at);
/* Empty lists of calls and invalidations, before the layer may be entered. */
void runner_begin_step(struct runner *r);

/* runner_step.c: one op that is no fork. 0 or a negative errno. */
int runner_step(struct runner *r, size_t at);

typedef void runner_fn(struct runner *r, struct trace_step *s);
/* Call FN(R, S) guarded: a crash or hang in it becomes S's outcome (false). */
bool runner_guard(struct runner *r, struct trace_step *s, runner_fn *fn);
/* The same, and collect page flags and counters afterwards. */
bool runner_enter(struct runner *r, struct trace_step *s, runner_fn *fn);

/* runner_access.c: what the guest does itself. 0 or a negative errno. */
/* A simulated machine's memory is used up: the program is skipped. 0. */
int runner_used_up(struct runner *r);
int runner_store(struct runner *r, struct trace_step *s);
int runner_load(struct runner *r, struct trace_step *s);
void runner_exec(struct runner *r, struct trace_step *s);

/*
 * runner_fork.c: the fork at AT and its child's part of the program, up to its wait or STOP; *NEXT
 * is where this process goes on. The child does not return from it. 0 or a negative errno.
 */
int runner_fork(struct runner *r, size_t at, size_t stop, size_t *next);
/* One process's side of the fork: hooks ended, lock free, books and host as they should be. */
int runner_end_fork(struct runner *r, struct trace_step *s, bool child);
int fork_report_open(struct runner *r, struct err *e);
void fork_report_close(struct runner *r);
/* A child has begun a step. */
void fork_report_beat(struct runner *r);

/*
 * runner_fork_sim.c: the same within this process, behind fork_start. 0 or a negative errno with
 * the parent as it was.
 */
int runner_fork_sim(struct runner *r, struct trace_step *s, size_t at, size_t stop);
void runner_fork_sim_close(struct runner *r);

/* runner_record.c: for a watcher, nothing without one. */
/* Before the first step: where the program runs. */
void runner_record_begin(struct runner *r);
/* S has been judged; FLAGS and HOST (NULL: not read) are what is there after it. */
void runner_record_step(struct runner *r, const struct trace_step *s,
                        const struct region_vec *flags, const struct region_vec *host);
/* This process has run its last op. */
void runner_record_done(struct runner *r, const struct trace_step *last,
                        const struct region_vec *flags);
/*
 * A real child, whose number is n_processes, of the fork at AT, with its part of the program up to
 * STOP, left the steps from FIRST on.
 */
void runner_record_child(struct runner *r, size_t at, size_t stop, size_t first);

/* runner_check.c */
/* The page flags as they are: after the step that is being judged, else now. */
const struct region_vec *runner_flags_after(struct runner *r);
int runner_map_open(struct runner *r);
/* What host and process hold before the first step. */
int runner_baseline(struct runner *r);
/*
 * S is over: by invariants, then by its expectation (EXPECTED is the value it names, NULL if there
 * is none).
 */
int runner_judge(struct runner *r, struct trace_step *s, const uint64_t *expected);
/* Flags against host in SIDE of a fork, "child" or "parent". */
int runner_judge_fork(struct runner *r, struct trace_step *s, const char *side);
/* What is judged when the last op of a process is done. */
int runner_judge_end(struct runner *r);
/* The finding that ends the run. Takes the text. */
int runner_finding(struct runner *r, const struct trace_step *s, struct inv_violation *v);
__attribute__((format(printf, 4, 5))) int runner_finding_text(struct runner *r,
                                                              const struct trace_step *s,
                                                              enum inv_id id, const char *fmt, ...);
