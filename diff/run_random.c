/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_random.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "op/gen.h"

enum {
    OPS_MAX = 40,
    FORK_PROGRAMS =
        32, /* one program in so many may make forks: each costs more than all else in it */
};

struct soak {
    struct target_list *targets;
    size_t target;
    const struct common_options *common;
    struct run_options run;
    struct prog prog;
    struct run_result result;
    uint64_t findings, skipped;
    uint64_t by_relation[SPACE_H_GT_G + 1];
    struct buf seen; /* signatures, one per line */
};

static void report(struct soak *s, uint64_t seed)
{
    const char *target = s->targets->v[s->target].spec.text;
    struct buf line = BUF_INIT;
    struct buf text = BUF_INIT;
    struct buf name = BUF_INIT;

    run_signature(&s->prog, &s->result, &line);
    buf_str(&line, "\n");
    if (!buf_failed(&line) && !strstr(buf_text(&s->seen), buf_text(&line))) {
        buf_str(&s->seen, buf_text(&line));
        common_options_print(s->common, &name);
        buf_fmt(&name, "--random 1 --seed %" PRIu64, seed);
        run_print_report(&s->prog, &s->result, target, buf_text(&name), &text);
        printf("%s\n", buf_text(&text));
        fflush(stdout);
    }
    buf_free(&line);
    buf_free(&text);
    buf_free(&name);
}

static int run_seed(struct soak *s, uint64_t seed, struct err *e)
{
    const struct target_spec *spec = &s->targets->v[s->target].spec;
    struct gen_options o = {.system = spec->system, .ops_max = OPS_MAX, .host_fail = true};
    struct prng rng;
    int r;

    prng_seed(&rng, seed);
    o.fork = prng_chance(&rng, 1, FORK_PROGRAMS);
    if (gen_prog(&s->prog, &rng, &o) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    r = target_list_run(s->targets, s->target, &s->prog, &s->run, &s->result, e);
    if (r < 0) {
        return r;
    }
    if (s->result.verdict == RUN_SKIP) {
        s->skipped++;
        return 0;
    }
    s->by_relation[space_relation(&s->result.space)]++;
    if (s->result.verdict == RUN_FINDING) {
        s->findings++;
        report(s, seed);
    }
    return 0;
}

static void print_target(const struct soak *s, uint64_t n, uint64_t ns)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("# %s: %" PRIu64 " programs, %" PRIu64 " findings, %" PRIu64 " skipped;",
           s->targets->v[s->target].spec.text, n, s->findings, s->skipped);
    for (int k = 0; k <= SPACE_H_GT_G; k++) {
        printf(" %s %" PRIu64, space_relation_name((enum space_relation)k), s->by_relation[k]);
    }
    printf("; %.0f programs/s, %ld MiB at most\n", (double)n * 1e9 / (double)(ns ? ns : 1),
           usage.ru_maxrss / 1024);
    fflush(stdout);
}

int run_random(struct target_list *targets, const struct common_options *common, uint64_t n,
               uint64_t seed, struct err *e)
{
    struct soak s = {.targets = targets,
                     .common = common,
                     .run = common->run,
                     .prog = PROG_INIT,
                     .result = RUN_RESULT_INIT};
    uint64_t findings = 0;
    int r = 0;

    s.run.adapt_config = true;
    for (s.target = 0; r == 0 && s.target < targets->n; s.target++) {
        uint64_t began = bench_ns();

        s.findings = s.skipped = 0;
        memset(s.by_relation, 0, sizeof(s.by_relation));
        buf_clear(&s.seen);
        for (uint64_t i = 0; r == 0 && i < n; i++) {
            r = run_seed(&s, seed + i, e);
        }
        if (r == 0) {
            print_target(&s, n, bench_ns() - began);
            findings += s.findings;
        }
    }
    prog_free(&s.prog);
    run_result_free(&s.result);
    buf_free(&s.seen);
    return r < 0 ? r : (int)u64_min(findings, INT_MAX);
}
