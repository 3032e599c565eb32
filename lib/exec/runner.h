/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run programs on a target and judge every step. */
#pragma once

#include "exec/record.h"
#include "exec/target.h"
#include "inv/inv.h"
#include "inv/limit.h"
#include "trace/trace.h"

enum map_check { MAP_CHECK_NONE, MAP_CHECK_PROGRAM, MAP_CHECK_OP };

struct run_options {
    enum map_check maps; /* when the host map is read and judged */
    bool contents;       /* judge bytes too */
    bool model;          /* hold the layer to the guest's kernel */
    uint64_t limits_off; /* set of limits that excuse nothing: who needs them? */
    bool blind;          /* no violation ends a run but a crash or a hang: to see what ops show */
    bool adapt_config;   /* fuzzing: what cannot be had here becomes the nearest that can */
    const char *hostmap; /* reader by name; NULL the best */
    unsigned hang_ms;    /* 0: 5000 */
    void (*log)(void *arg, const char *line); /* --log page */
    void *log_arg;
};
#define RUN_OPTIONS_DEFAULT \
    ((struct run_options){.maps = MAP_CHECK_OP, .contents = true, .model = true})
/* Nothing is judged: a record has all ops. */
#define RUN_OPTIONS_BLIND ((struct run_options){.maps = MAP_CHECK_NONE, .blind = true})

enum run_verdict {
    RUN_PASS,
    RUN_FINDING, /* the layer is wrong */
    RUN_SKIP,    /* the program cannot run here: requires, configuration */
};

/* What a run left behind; memory is reused from run to run. */
struct run_result {
    enum run_verdict verdict;
    struct buf reason; /* SKIP: why; FINDING: the violation in one sentence */
    struct buf said; /* FINDING: of a target that ended badly, its standard error, the last of it */
    const char *layer;         /* its name, as on the command line */
    struct prog_config config; /* as used */
    struct space space;
    enum inv_id violated;
    size_t bad_step; /* index in steps; of no meaning without steps */
    bool has_range;
    struct range where;
    int owed; /* of an outcome: the neutral errno that it had to be, 0 none */
    size_t n_steps;
    struct trace_step *steps;    /* owned by the runner, valid until its next run */
    size_t n_skipped;            /* steps */
    size_t excused[LIMIT_COUNT]; /* steps in which a limit excused something */
    size_t n_poisoned;           /* steps of which something could not be compared */
    /* At the failing step, else at the end: what each side holds. */
    struct region_vec flags_before, flags_after, host_after;
    struct buf calls; /* host calls of the failing step, one per line */
};
#define RUN_RESULT_INIT ((struct run_result){0})
void run_result_free(struct run_result *r);

struct runner;
/*
 * One runner per thread; keeps windows, files and tables for the next run. 0 or a negative errno
 * with the reason in E.
 */
int runner_open(struct runner **ret, const struct target_spec *spec, struct err *e);
struct runner *runner_close(struct runner *r);
/* 0 with *RET filled, or a negative errno with the reason in E: the world failed. */
int runner_run(struct runner *r, const struct prog *p, const struct run_options *o,
               struct run_result *ret, struct err *e);
/*
 * Host calls that the last run made (those that host_fail failed left out) and the guest's own
 * loads and stores as reads and writes, in order, replayable by bench: kept only if asked for
 * before.
 */
void runner_keep_calls(struct runner *r, bool on);
size_t runner_calls(const struct runner *r, const struct trace_call **ret);
/*
 * From now on every run leaves what the layer showed in TO, as any other target does; NULL: no
 * more. With VIEWS also what host and model have after each step. A child process of a real fork
 * leaves its outcomes alone. Digests are of pages that the guest can read.
 */
void runner_watch(struct runner *r, struct record *to, bool views);
/* The page flags that the last run ended with, the runner's until the next. */
const struct region_vec *runner_flags(const struct runner *r);

/*
 * Stable name of a finding: "host-agrees-gt/munmap/h_gt_g/..."; the same after a rebuild and on
 * another machine.
 */
void run_signature(const struct prog *p, const struct run_result *r, struct buf *out);

/* The program with its outcomes in program syntax ("= X" is what happened). */
void run_print_trace(const struct prog *p, const struct run_result *r, const char *target,
                     struct buf *out);
/*
 * A finding: signature first, the violation, the program up to the step (marked), both sides as a
 * ruler, the step's host calls.
 */
void run_print_finding(const struct prog *p, const struct run_result *r, const char *target,
                       struct buf *out);
/*
 * The same and as last line the command to run next, for which WHAT is all behind the target:
 * options and the file, as a shell reads them.
 */
void run_print_report(const struct prog *p, const struct run_result *r, const char *target,
                      const char *what, struct buf *out);
