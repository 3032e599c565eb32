/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulated host. First, generated programs run with every check after each op, on the real
 * host and on the simulated one, in turns; once warm, the simulated side's memory must not grow.
 * Second, what a call on the simulated host costs with many areas against few. Both as ratios
 * within one run.
 */
#include "bench.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/prng.h"
#include "exec/runner.h"
#include "host/sim.h"
#include "op/gen.h"

#define BOUND_SPEED 5.0
#define BOUND_GROWTH 3.0

enum {
    PROGRAMS = 300,
    OPS_MAX = 40,
    TURNS = 4,
    WARM_TURNS = 8, /* of the simulated side: buffers change hands, and each gets its size once */
    FIRST_SEED = 1,
    FEW = 100,
    MANY = 100000,
    CALLS = 2000,
    ROUNDS = 12,
    PAGE = 4096,
};

static const char *const targets[][2] = {
    {"linux", "linux,host=sim-linux"},
    {"bsd", "bsd,host=sim-freebsd"},
};

/* A runner and the best time of its turns. */
struct side {
    struct target_spec spec;
    struct runner *runner;
    uint64_t best;
    size_t ran;
};

static int side_open(struct side *s, const char *target, struct err *e)
{
    int rc;

    *s = (struct side){.best = UINT64_MAX};
    rc = target_parse(&s->spec, target, e);
    return rc < 0 ? rc : runner_open(&s->runner, &s->spec, e);
}

static int run_program(struct side *s, uint64_t seed, struct prog *p, struct run_result *result,
                       struct err *e)
{
    struct gen_options how = {.system = s->spec.system, .ops_max = OPS_MAX, .host_fail = true};
    struct run_options o = RUN_OPTIONS_DEFAULT;
    struct prng rng;
    int rc;

    o.adapt_config = true;
    prng_seed(&rng, seed);
    if (gen_prog(p, &rng, &how) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    rc = runner_run(s->runner, p, &o, result, e);
    if (rc == 0 && result->verdict == RUN_FINDING) {
        return err_set(e, -EFAULT, "seed %llu on %s: %s", (unsigned long long)seed, s->spec.text,
                       buf_text(&result->reason));
    }
    s->ran += rc == 0 && result->verdict == RUN_PASS;
    return rc;
}

static int side_turn(struct side *s, struct prog *p, struct run_result *result, struct err *e)
{
    uint64_t began = bench_cpu_ns();
    uint64_t took;
    int rc = 0;

    s->ran = 0;
    for (uint64_t i = 0; rc == 0 && i < PROGRAMS; i++) {
        rc = run_program(s, FIRST_SEED + i, p, result, e);
    }
    took = bench_cpu_ns() - began;
    s->best = took < s->best ? took : s->best;
    return rc;
}

static void print_side(const struct side *s)
{
    printf("  %-22s %7.1f us per program, %.0f programs/s (%zu of %d ran)\n", s->spec.text,
           (double)s->best / PROGRAMS / 1000, 1e9 * PROGRAMS / (double)s->best, s->ran, PROGRAMS);
}

static size_t bytes_in_use(void)
{
    const struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

/* The flavour's programs on both hosts. 0 within the bound, 1 above it, or a negative errno. */
static int measure_speed(const char *const names[2], struct err *e)
{
    struct run_result result = RUN_RESULT_INIT;
    struct prog p = PROG_INIT;
    struct side real, sim = {0};
    size_t grown = 0;
    double ratio;
    int rc = side_open(&real, names[0], e);

    rc = rc < 0 ? rc : side_open(&sim, names[1], e);
    for (int turn = 0; rc == 0 && turn < WARM_TURNS; turn++) {
        rc = side_turn(&sim, &p, &result, e);
    }
    for (int turn = 0; rc == 0 && turn < TURNS; turn++) {
        size_t held;

        rc = side_turn(&real, &p, &result, e);
        held = bytes_in_use();
        rc = rc < 0 ? rc : side_turn(&sim, &p, &result, e);
        grown += bytes_in_use() - held;
    }
    if (rc == 0) {
        ratio = (double)real.best / (double)sim.best;
        print_side(&real);
        print_side(&sim);
        printf("  the simulated host is %.1f times as fast (bound %.1f); %zd bytes more in use "
               "after its %d last turns (bound 0)\n",
               ratio, BOUND_SPEED, (ssize_t)grown, TURNS);
        rc = ratio < BOUND_SPEED || grown != 0;
    }
    runner_close(real.runner);
    runner_close(sim.runner);
    run_result_free(&result);
    prog_free(&p);
    return rc;
}

/* A simulated host with N areas, every second page of a row. */
struct crowd {
    struct sim_host *sim;
    struct host *h;
    size_t n;
    struct prng rng;
    uint64_t best;
};

static uint64_t slot(size_t i)
{
    return UINT64_C(0x100000000) + i * 2 * PAGE;
}

static int map_page(struct crowd *c, uint64_t at, int prot)
{
    const struct host_map_req req = {
        .addr = at,
        .len = PAGE,
        .prot = prot,
        .flags = HOST_MAP_PRIVATE | HOST_MAP_ANON | (at ? HOST_MAP_FIXED : 0),
        .fd = -1,
    };
    uint64_t got;
    int rc = host_map(c->h, &req, &got);

    return rc < 0 || at ? rc : host_unmap(c->h, got, PAGE);
}

static int crowd_open(struct crowd *c, size_t n, struct err *e)
{
    const struct sim_setup setup = {.page = PAGE};
    int rc;

    *c = (struct crowd){.n = n, .best = UINT64_MAX};
    prng_seed(&c->rng, n);
    rc = sim_host_new(&c->sim, ABI_LINUX, e);
    rc = rc < 0 ? rc : sim_host_begin(c->sim, &setup, e);
    if (rc < 0) {
        return rc;
    }
    c->h = sim_host_host(c->sim);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = map_page(c, slot(i), HOST_R | HOST_W);
    }
    return rc < 0 ? err_set(e, rc, "the simulated host failed: %s", strerror(-rc)) : 0;
}

static int one_call(struct crowd *c)
{
    uint64_t at = slot(prng_below(&c->rng, c->n));
    uint8_t byte = 1;
    int rc;

    switch (prng_below(&c->rng, 4)) {
    case 0:
        rc = host_protect(c->h, at, PAGE, HOST_R);
        return rc < 0 ? rc : host_protect(c->h, at, PAGE, HOST_R | HOST_W);
    case 1:
        rc = host_unmap(c->h, at, PAGE);
        return rc < 0 ? rc : map_page(c, at, HOST_R | HOST_W);
    case 2:
        return map_page(c, 0, HOST_R);
    default:
        return host_read(c->h, at, &byte, 1, NULL);
    }
}

static int crowd_round(struct crowd *c, struct err *e)
{
    uint64_t began = bench_cpu_ns();
    uint64_t took;
    int rc = 0;

    for (int i = 0; rc == 0 && i < CALLS; i++) {
        rc = one_call(c);
    }
    took = bench_cpu_ns() - began;
    c->best = took < c->best ? took : c->best;
    return rc < 0 ? err_set(e, rc, "the simulated host failed: %s", strerror(-rc)) : 0;
}

static int measure_growth(struct err *e)
{
    struct crowd few = {0};
    struct crowd many = {0};
    double ratio = 0;
    int rc = crowd_open(&few, FEW, e);

    rc = rc < 0 ? rc : crowd_open(&many, MANY, e);
    for (int round = 0; rc == 0 && round < ROUNDS; round++) {
        rc = crowd_round(&few, e);
        rc = rc < 0 ? rc : crowd_round(&many, e);
    }
    if (rc == 0) {
        ratio = (double)many.best / (double)few.best;
        printf("  %.0f ns per step at %d areas, %.0f ns at %d: ratio %.2f (bound %.1f); %llu KiB "
               "for %d areas\n",
               (double)few.best / CALLS, FEW, (double)many.best / CALLS, MANY, ratio, BOUND_GROWTH,
               (unsigned long long)vm_memory_bytes(sim_host_vm(many.sim)) / 1024, MANY);
        rc = ratio > BOUND_GROWTH;
    }
    sim_host_free(few.sim);
    sim_host_free(many.sim);
    return rc;
}

int bench_sim(struct err *e)
{
    struct rusage usage;
    int slow = 0;
    int rc;

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        rc = measure_speed(targets[i], e);
        if (rc < 0) {
            return rc;
        }
        slow |= rc;
    }
    rc = measure_growth(e);
    if (rc < 0) {
        return rc;
    }
    slow |= rc;
    getrusage(RUSAGE_SELF, &usage);
    printf("  peak memory of the whole command: %ld MiB\n", usage.ru_maxrss / 1024);
    return slow;
}
