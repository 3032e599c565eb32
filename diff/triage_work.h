/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside triage only: what its workers do with one crash file and with one group. */
#pragma once

#include "judge.h"
#include "triage_judge.h"

struct triage_worker {
    const struct triage *t;
    /* The one for all files, or without --on that of each flavour, opened when first needed; */
    struct judge *judge[2];
    /* the one in use. A program that has lost its "requires" stays where it was. */
    struct judge *now;
    const struct target_spec *specs;
    size_t n_specs;
    struct target_spec own;
    struct judge_result result;
    struct prog prog, there;
};

void triage_worker_init(struct triage_worker *w, const struct triage *t);
void triage_worker_free(struct triage_worker *w);

/* The targets of P: how many; OWN may be used for them. */
size_t triage_specs(const struct triage *t, const struct prog *p, struct target_spec *own,
                    const struct target_spec **ret);

/* Of these the one that is tested: the first layer, else the first. */
const struct target_spec *triage_suspect(const struct target_spec *specs, size_t n);

/* FIELDS (pool.h) get the state of the file PATH by name, why, the signature, the ops. */
void triage_judge_one(struct triage_worker *w, const char *path, struct buf *fields);

/* What is to be kept of G: minimised; as its crash file has it, because of WHY; nothing. */
void triage_find(struct triage_worker *w, const struct crash_group *g, struct finding *f);
void triage_find_unminimised(const struct triage *t, const struct crash_group *g, const char *why,
                             struct finding *f);
void triage_find_plainly(const struct triage *t, const struct crash_group *g, struct finding *f);

/* A finding as fields, and back. */
void finding_put(struct finding *f, struct buf *fields);
void finding_take(struct finding *f, const struct buf *fields);
void finding_free(struct finding *f);
