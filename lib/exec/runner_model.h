/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest model beside a run: what the guest's kernel would show, step by step. Files:
 * runner_model.c (life, fork), runner_model_call.c, runner_model_access.c (loads and stores),
 * runner_model_touch.c (where to look), runner_model_view.c (mappings and bytes). Only these and
 * the runner's own files include it.
 */
#pragma once

#include "exec/runner_impl.h"
#include "inv/limit.h"
#include "model/model.h"

enum {
    TOUCHED_MAX = 32,     /* ranges of one step; further ones widen the last */
    PAGES_PER_STEP = 64,  /* compared, of all that a step touched */
    PAGES_PER_END = 1024, /* at the end of a process */
    VIEW_CHUNK = 4096,    /* compared of a page at once */
    PAGE_MAX = 65536,     /* of a guest */
    ALIASES_MAX = 16,     /* other maps of stored pages that are looked at */
};

struct runner_model {
    struct model *m;
    bool on;               /* this program is held against the model */
    struct region_vec map; /* scratch: what the model has mapped */
    /* Pages that the program had and gave up, while host pages are larger than guest pages. */
    struct region_vec left;
    /* Parts of pages that the program stored to: what is a copy of its own. */
    struct region_vec parts;
    /* Those of them that this step's store was the first to reach, at its ends. */
    uint64_t new_parts[2];
    unsigned n_new_parts;
    uint64_t identity[PROG_FILES_MAX];
    struct range touched[TOUCHED_MAX];
    size_t n_touched;
    bool tainted; /* stored through slack: what shared memory holds that nobody maps */
    /* Pages that this step's store, of these bytes, may have copied. */
    uint64_t copied[2];
    unsigned n_copied;
    struct range stored;
    /* Pages that held bytes of their own before this step dropped them. */
    uint64_t dropped[PAGES_PER_STEP];
    size_t n_dropped;
    /* A child's steps could not be repeated exactly: what it shared is learnt, not judged. */
    bool inexact;
    bool astray;   /* a child stored through slack: what is shared is learnt from then on */
    size_t budget; /* pages that may still be compared in this step */
    uint8_t bytes[PAGE_MAX];
};

/* 0 or -ENOMEM; close takes a runner without one. */
int runner_model_open(struct runner *r);
void runner_model_close(struct runner *r);
/* Before a program's first step. 0, 1 if the program is skipped, or a negative errno. */
int runner_model_begin(struct runner *r);
/*
 * Step S, of which CTX is what invariants see, against the model, which follows. 0 with r->over set
 * after a finding or a skip, or a negative errno.
 */
int runner_model_judge(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx);
/* The same of what a guest program itself sees at once: outcome and bytes. */
int runner_model_sees(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx);
/* At the end of a process: everything it mapped and wrote. The same. */
int runner_model_end(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx);

/* Fork: the child's steps follow, judged here or, after a real fork, in the child itself. */
int runner_model_fork(struct runner *r);
void runner_model_wait(struct runner *r);
/* A real child is gone and left its steps, from index FIRST on: what it shared has changed. */
int runner_model_replay(struct runner *r, size_t first);

/* ---- among the files ---- */

/* The result of a call into the model: 0, or the program is skipped or left alone. */
int model_lost(struct runner *r, int rc);
/* ID excuses something in S. */
void model_excuse(struct trace_step *s, enum limit_id id);
struct limit_ctx model_limits(const struct runner *r, const struct inv_ctx *ctx);
/* An op's arguments as the model takes them, and what was seen of it. */
struct op_args model_args(const struct runner *r, const struct trace_step *s);
struct model_outcome model_seen(const struct trace_step *s);
/* What the model has mapped within WITHIN, into r->model->map. 0 or -ENOMEM. */
int model_map(struct runner *r, struct range within);
/* The program's file that an identity stands for, -1 none; its size. */
int64_t model_file(const struct runner *r, uint64_t object);
uint64_t model_file_size(const struct runner *r, uint64_t object);
/*
 * Show the object of G where G lies, writable and shared: nothing if it is no file. 0 or -ENOMEM.
 */
int model_show(struct runner *r, const struct region *g);

/* runner_model_touch.c: into r->model->touched. */
void model_touch(struct runner *r, struct range pages);
void model_touched_by(struct runner *r, const struct trace_step *s);
/* What processes share, after one of them is gone. */
void model_touch_shared(struct runner *r, const struct inv_ctx *ctx);
/* Remember what S gave up, what it stored. 0 or a negative errno. */
int model_note_left(struct runner *r, const struct trace_step *s, const struct inv_ctx *ctx);
int model_note_dropped(struct runner *r, const struct trace_step *s);
int model_note_stores(struct runner *r, const struct trace_step *s);

/* runner_model_call.c: a call; 0 with a finding, or the model as after it; or a negative errno. */
int model_judge_call(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx);
/* What a failure may have left nobody knows; what the books have a copy of is private. */
int model_forget(struct runner *r, const struct trace_step *s);
int model_follow_snapshots(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                           struct range within);

/* runner_model_access.c: the guest's own loads, stores, code. */

int model_judge_access(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx);
/* What lies in the touched ranges: mappings, then bytes. */
int model_judge_mappings(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                         struct range within);
int model_judge_bytes(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                      struct range r_bytes);
/*
 * Bytes HAVE, LEN of them, that the guest can read at AT (within one page) against the model's.
 */
int model_judge_chunk(struct runner *r, struct trace_step *s, const struct inv_ctx *ctx,
                      uint64_t at, const uint8_t *have, size_t len);
