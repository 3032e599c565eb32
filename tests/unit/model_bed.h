/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program on a model: values resolved, forks followed, states to compare. */
#pragma once

#include "model/model.h"

struct model_bed {
    struct model *m;
    struct prog prog;
    struct model_setup setup;
    struct op_resolver how;
    struct op_results results;
    struct op_results waiting[PROG_FORKS_MAX]; /* of the processes that wait for a child */
    unsigned depth;
    struct region_vec regions; /* scratch */
};

void bed_open(struct model_bed *b);
void bed_close(struct model_bed *b);
/* B's program on SYSTEM, as its configuration has it. */
void bed_begin(struct model_bed *b, enum abi_system system);
/* The program is this text. */
void bed_text(struct model_bed *b, enum abi_system system, const char *text);
/* Op AT with its arguments; false if it cannot be said here, or is no step of a model: done. */
bool bed_args(struct model_bed *b, size_t at, struct op_args *args);
/*
 * Op AT; true if it was a step. Its result is what the model took, if SEEN was allowed, else what
 * was seen.
 */
bool bed_step(struct model_bed *b, size_t at, const struct model_outcome *seen,
              struct model_verdict *ret);
/* What the current process has mapped, and a digest of every page that has bytes of its own. */
void bed_state(struct model_bed *b, struct buf *out);
