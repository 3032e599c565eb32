/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executable specification against the native kernel: what `twinmap diff --on model-linux --on
 * kernel` does, one program at a time. A child process of this one runs the program as system
 * calls, the model follows what it showed, and every step is compared.
 */
#include "diff/diff_report.h"
#include "diff/diff_set.h"
#include "diff/signature.h"
#include "target.h"

/* A process has one child and one model, kept from program to program. */
static struct {
    bool open;
    struct diff_set set;
} self;

static int open_set(struct err *e)
{
    const struct run_options options = RUN_OPTIONS_DEFAULT;
    struct target_spec specs[2];
    int rc = target_parse(&specs[0], "model-linux", e);

    rc = rc < 0 ? rc : target_parse(&specs[1], "kernel", e);
    rc = rc < 0 ? rc : diff_set_open(&self.set, specs, 2, &options, e);
    self.open = rc == 0;
    return rc;
}

static int compare_on_both(const struct prog *p, struct oneshot_counts *counts,
                           struct buf *signature, struct buf *report, struct err *e)
{
    struct diff_counts *n = &self.set.counts;
    int rc = self.open ? 0 : open_set(e);

    *n = (struct diff_counts){0};
    rc = rc < 0 ? rc : diff_set_run(&self.set, p, e);
    counts->skipped += n->not_run;
    counts->steps += n->steps;
    counts->steps_skipped += n->skipped;
    counts->poisoned += diff_counts_poisoned(n);
    if (rc == 1) {
        signature_of(&self.set, p, signature);
        diff_report(&self.set, p, "FILE", report);
    }
    return rc;
}

const struct oneshot_desc fuzz_target = {
    .name = "fuzz_vm",
    .target = "kernel",
    .program = compare_on_both,
};
