/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A finding becomes a regression program: twinmap corpus --add. */
#pragma once

#include "exec/runner.h"

struct corpus_add {
    const char *finding; /* a program, or the folder that twinmap triage made of a finding */
    const char *name;    /* what to call it, without .tm; NULL: by its signature */
    const char *corpus;  /* its folder regress/ gets the program, and no program of it twice */
    const struct target_spec *specs; /* none: those of the finding, or its system's flavour */
    size_t n_specs;
};

/*
 * Judge it, minimise it, have it expect what the specification says, write it whole or not at all.
 * 0 with OUT saying what was written; -ENOTSUP: it cannot run here; -EIO: the world failed; another
 * negative errno with one line in E: it is no finding, is there already, cannot be read or written.
 */
int corpus_add(const struct corpus_add *a, struct buf *out, struct err *e);

/* A name for a program by what is wrong: lower-case letters, digits, '-'. */
void regress_name(const char *signature, struct buf *out);
/*
 * Whether THERE, a program of the corpus, is P and runs under SYSTEM: but for what they expect and
 * require, and how they say their configuration.
 */
bool regress_same(const struct prog *there, const struct prog *p, enum abi_system system);
