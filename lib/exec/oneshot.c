/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz targets as one call: bytes to a program, the program run and judged, a finding to stderr and
 * abort(). The configuration is part of the bytes, so one that cannot be had here is moved to the
 * nearest; a program that still cannot run is skipped. Expectations are dropped: an engine changes
 * them like anything else.
 */
#include "exec/oneshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec/bucket.h"
#include "exec/machine.h"
#include "exec/runner.h"
#include "op/codec.h"
#include "op/gen.h"

enum {
    EXIT_HARNESS = 3,
    MUTATED_OPS_MAX = 64,
    FORK_MUTATION =
        16, /* one in so many may make forks: each costs more than all else in a program */
    FORK_MUTATION_SIM = 2, /* the same where a fork is no process */
    FRESH_PROGRAM =
        4, /* one in so many is a new program: what no input leads to must not be missed */
    STATS_PROGRAMS = 500,
    /*
     * One mutation in so many is left to the engine's own way with bytes, which makes long programs
     * of calls that fail.
     */
    BYTES_MUTATION = 32,
};

/* A fuzz target's process has one target: what it keeps from input to input. */
static struct {
    bool ready, counting;
    const char *name;
    struct target_spec spec;
    struct prog_config usual; /* of programs that have no say in it */
    struct runner *runner;
    struct prog prog, other;
    struct run_result result;
    struct buf text, signature;
    struct oneshot_counts counts;
} self;

/*
 * For whoever sums up a campaign: a line with what came since the last one. AFL++ kills its
 * processes, so they write now and then.
 */
static void write_stats(void)
{
    const char *path = getenv("TWINMAP_FUZZ_STATS");
    FILE *f = path ? fopen(path, "ae") : NULL;
    const struct oneshot_counts *n = &self.counts;

    if (f) {
        fprintf(f,
                "%s programs=%" PRIu64 " skipped=%" PRIu64 " steps=%" PRIu64
                " steps_skipped=%" PRIu64 " excused=%" PRIu64 " poisoned=%" PRIu64 "\n",
                self.name, n->programs, n->skipped, n->steps, n->steps_skipped, n->excused,
                n->poisoned);
        fclose(f);
    }
    self.counts = (struct oneshot_counts){0};
}

/*
 * We are broken, not they: no engine may take this for a finding, so nothing registered with atexit
 * runs.
 */
static _Noreturn void harness_error(const char *what)
{
    fprintf(stderr, "twinmap: harness error: %s\n", what);
    write_stats();
    _exit(EXIT_HARNESS);
}

static void setup(const struct oneshot_desc *d)
{
    struct err e;

    if (self.ready) {
        return;
    }
    self.name = d->name;
    self.usual = PROG_CONFIG_DEFAULT;
    self.prog = PROG_INIT;
    self.other = PROG_INIT;
    self.ready = true;
    if (d->target && target_parse(&self.spec, d->target, &e) < 0) {
        harness_error(e.text);
    }
}

/* The target's own way: one run, every step judged. As oneshot_desc's program. */
static int run_on_target(const struct prog *p, struct oneshot_counts *counts, struct buf *signature,
                         struct buf *report, struct err *e)
{
    struct run_options o = RUN_OPTIONS_DEFAULT;
    int rc = 0;

    o.adapt_config = true;
    if (!self.runner) {
        rc = runner_open(&self.runner, &self.spec, e);
    }
    rc = rc < 0 ? rc : runner_run(self.runner, p, &o, &self.result, e);
    if (rc < 0) {
        return rc;
    }
    counts->skipped += self.result.verdict == RUN_SKIP;
    counts->steps += self.result.n_steps;
    counts->steps_skipped += self.result.n_skipped;
    counts->poisoned += self.result.n_poisoned;
    for (int i = 0; i < LIMIT_COUNT; i++) {
        counts->excused += self.result.excused[i];
    }
    if (self.result.verdict != RUN_FINDING) {
        return 0;
    }
    run_signature(p, &self.result, signature);
    run_print_report(p, &self.result, self.spec.text, "FILE", report);
    return 1;
}

static void run_program(const struct oneshot_desc *d, const uint8_t *data, size_t len)
{
    struct err e;
    int rc;

    buf_clear(&self.signature);
    buf_clear(&self.text);
    if (prog_decode_any(&self.prog, data, len) < 0) {
        harness_error("out of memory");
    }
    rc = (d->program ? d->program : run_on_target)(&self.prog, &self.counts, &self.signature,
                                                   &self.text, &e);
    if (rc < 0) {
        harness_error(e.text);
    }
    if (rc > 0) {
        write_stats();
        bucket_abort(buf_text(&self.signature), buf_text(&self.text));
    }
}

int oneshot_run(const struct oneshot_desc *d, const uint8_t *data, size_t len)
{
    setup(d);
    if (!self.counting) {
        self.counting = atexit(write_stats) == 0;
    }
    if (++self.counts.programs == STATS_PROGRAMS) {
        write_stats();
    }
    if (d->target) {
        run_program(d, data, len);
    } else if (d->bytes(data, len) != 0) {
        fflush(stderr);
        write_stats();
        abort();
    }
    return 0;
}

/* Whether programs on the target fork without a process. */
static bool forks_cheaply(void)
{
    const struct machine_ops *m = machine_find(self.spec.host);

    return self.spec.kind == TARGET_LAYER && m && m->fork;
}

/* What has no host and no page size but its own is spared what only those can tell apart. */
static struct gen_options options(uint32_t seed)
{
    bool layer = self.spec.kind == TARGET_LAYER;

    return (struct gen_options){
        .system = self.spec.system,
        .ops_max = MUTATED_OPS_MAX,
        .host_fail = layer,
        .fork = seed % (forks_cheaply() ? FORK_MUTATION_SIM : FORK_MUTATION) == 0,
        .config = layer ? NULL : &self.usual,
    };
}

/*
 * The program as bytes into OUT; 0 if it does not fit. Where its origin meant anything is no
 * knowledge about what it became.
 */
static size_t encode(struct prog *p, uint8_t *out, size_t max)
{
    p->requires.n = 0;
    if (self.spec.kind != TARGET_LAYER) {
        p->config = self.usual;
    }
    prog_drop_expectations(p);
    buf_clear(&self.text);
    prog_encode(p, &self.text);
    if (buf_failed(&self.text) || self.text.len > max) {
        return 0;
    }
    memcpy(out, self.text.data, self.text.len);
    return self.text.len;
}

/* What bytes have made too long loses ops here and there. */
static void shorten(struct prog *p, struct prng *rng)
{
    while (p->ops.n > MUTATED_OPS_MAX) {
        size_t n = prng_between(rng, 1, p->ops.n - MUTATED_OPS_MAX);

        prog_remove(p, prng_below(rng, p->ops.n - n + 1), n);
    }
    prog_fixup(p);
}

size_t oneshot_mutate(const struct oneshot_desc *d, uint8_t *data, size_t len, size_t max,
                      uint32_t seed)
{
    struct gen_options o;
    struct prng rng;

    setup(d);
    o = options(seed);
    prng_seed(&rng, seed);
    if (!d->target || prng_chance(&rng, 1, BYTES_MUTATION)) {
        return 0;
    }
    if (prng_chance(&rng, 1, FRESH_PROGRAM)) {
        return gen_prog(&self.prog, &rng, &o) < 0 ? 0 : encode(&self.prog, data, max);
    }
    if (prog_decode_any(&self.prog, data, len) < 0) {
        return 0;
    }
    shorten(&self.prog, &rng);
    return mutate_prog(&self.prog, &rng, &o) < 0 ? 0 : encode(&self.prog, data, max);
}

size_t oneshot_crossover(const struct oneshot_desc *d, const uint8_t *a, size_t a_len,
                         const uint8_t *b, size_t b_len, uint8_t *out, size_t max, uint32_t seed)
{
    struct gen_options o;
    struct prng rng;

    setup(d);
    o = options(seed);
    prng_seed(&rng, seed);
    if (!d->target || prog_decode_any(&self.prog, a, a_len) < 0 ||
        prog_decode_any(&self.other, b, b_len) < 0 ||
        mutate_splice(&self.prog, &self.other, &rng, &o) < 0) {
        return 0;
    }
    return encode(&self.prog, out, max);
}
