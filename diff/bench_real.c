/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the harness adds: a program of 30 ops run and judged on the real host, against the same host
 * calls and window reset made bare, on a window of their own, in the same process; stores and loads
 * are made bare too. With the host map judged per program and per op; what the model adds, which
 * judges outcomes and bytes, is shown without a bound.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec/runner.h"
#include "host/real.h"
#include "host/window.h"
#include "op/text.h"

#define ROUNDS 250
#define TURNS 12
#define BOUND_PROGRAM 2.0
#define BOUND_OP 6.0

enum { RUN_WAYS = 4 }; /* bare, map check per program, per op, per op with bytes */

static const char program_text[] =
    "r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
    "store(r0, 64, 0x11)\n"
    "r1 = mmap(NULL, 0x8000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
    "mprotect(r1, 0x4000, PROT_READ|PROT_WRITE)\n"
    "store(r1+0x1000, 64, 0x22)\n"
    "mprotect(r0+0x2000, 0x2000, PROT_READ)\n"
    "munmap(r0+0x6000, 0x2000)\n"
    "r2 = mmap(r0+0x6000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, "
    "0)\n"
    "store(r2, 64, 0x33)\n"
    "load(r2, 64)\n"
    "r3 = mmap(NULL, 0x20000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
    "store(r3+0x8000, 64, 0x44)\n"
    "msync(r3, 0x1000, MS_SYNC)\n"
    "mprotect(r3, 0x10000, PROT_NONE)\n"
    "munmap(r3+0x10000, 0x10000)\n"
    "r4 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, "
    "0)\n"
    "store(r4, 64, 0x55)\n"
    "r5 = mmap(@0x102000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
    "load(r5, 64)\n"
    "mprotect(r4, 0x1000, PROT_READ|PROT_EXEC)\n"
    "load(r4, 64)\n"
    "munmap(r4, 0x6000)\n"
    "mprotect(r0, 0x10000, PROT_READ|PROT_WRITE)\n"
    "store(r0+0x3000, 64, 0x66)\n"
    "load(r0+0x3000, 64)\n"
    "munmap(r1, 0x2000)\n"
    "munmap(r1+0x4000, 0x4000)\n"
    "mprotect(r1+0x2000, 0x2000, PROT_NONE)\n"
    "munmap(r0, 0x10000)\n"
    "munmap(r3, 0x10000)\n";

struct bare {
    struct trace_call *v;
    size_t n;
    struct host_window window;
    uint64_t delta; /* from the runner's window to ours */
    uint64_t reserved;
};

/* One recorded call again, at our window; results do not matter. */
static void call_again(const struct bare *b, const struct trace_call *c)
{
    static uint8_t bytes[64];
    struct host *h = host_real();
    uint64_t addr = c->addr + b->delta;
    uint64_t ignored;

    switch ((enum call_kind)c->kind) {
    case CALL_MAP: {
        struct host_map_req req = {addr, c->len, c->prot, c->flags, (int)c->addr2, c->len2};

        host_map(h, &req, &ignored);
        break;
    }
    case CALL_UNMAP:
        host_unmap(h, addr, c->len);
        break;
    case CALL_PROTECT:
        host_protect(h, addr, c->len, c->prot);
        break;
    case CALL_SYNC:
        host_sync(h, addr, c->len, c->flags);
        break;
    case CALL_READ:
        host_read(h, addr, bytes, c->len < sizeof(bytes) ? c->len : sizeof(bytes), NULL);
        break;
    case CALL_WRITE:
        host_write(h, addr, NULL, c->len < sizeof(bytes) ? c->len : sizeof(bytes), NULL);
        break;
    default:
        break;
    }
}

static int run_bare(struct bare *b, uint64_t *ns, struct err *e)
{
    uint64_t began = bench_cpu_ns();

    for (int i = 0; i < ROUNDS; i++) {
        int r = host_window_reset(&b->window, b->reserved, e);

        if (r < 0) {
            return r;
        }
        for (size_t k = 0; k < b->n; k++) {
            call_again(b, &b->v[k]);
        }
    }
    *ns = bench_cpu_ns() - began;
    return 0;
}

static int run_judged(struct runner *runner, const struct prog *p, enum map_check maps,
                      bool contents, struct run_result *result, uint64_t *ns, struct err *e)
{
    struct run_options o = RUN_OPTIONS_DEFAULT;
    uint64_t began = bench_cpu_ns();

    o.maps = maps;
    o.contents = contents;
    o.model = contents;
    for (int i = 0; i < ROUNDS; i++) {
        int r = runner_run(runner, p, &o, result, e);

        if (r < 0) {
            return r;
        }
        if (result->verdict != RUN_PASS) {
            return err_set(e, -EFAULT, "the bench program did not pass: %s",
                           buf_text(&result->reason));
        }
    }
    *ns = bench_cpu_ns() - began;
    return 0;
}

/* Keep what the last run asked of the host, and a window to ask it again. */
static int record(struct runner *runner, const struct prog *p, struct run_result *result,
                  struct bare *b, struct err *e)
{
    struct run_options o = RUN_OPTIONS_DEFAULT;
    const struct trace_call *calls;
    int r;

    runner_keep_calls(runner, true);
    r = runner_run(runner, p, &o, result, e);
    if (r < 0) {
        return r;
    }
    b->n = runner_calls(runner, &calls);
    b->v = calloc(b->n ? b->n : 1, sizeof(*b->v));
    if (!b->v) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    memcpy(b->v, calls, b->n * sizeof(*b->v));
    runner_keep_calls(runner, false);
    r = host_window_open(&b->window, WINDOW_64, e);
    b->delta = b->window.base - result->space.guest_base;
    b->reserved = result->space.reserved_va;
    return r;
}

/* The best of TURNS of each, alternating, so that a slow moment of the machine hits all alike. */
static int measure(struct runner *runner, const struct prog *p, struct run_result *result,
                   struct bare *b, uint64_t best[RUN_WAYS], struct err *e)
{
    for (int round = 0; round < TURNS; round++) {
        uint64_t ns[RUN_WAYS];
        int r = run_bare(b, &ns[0], e);

        r = r < 0 ? r : run_judged(runner, p, MAP_CHECK_PROGRAM, false, result, &ns[1], e);
        r = r < 0 ? r : run_judged(runner, p, MAP_CHECK_OP, false, result, &ns[2], e);
        r = r < 0 ? r : run_judged(runner, p, MAP_CHECK_OP, true, result, &ns[3], e);
        if (r < 0) {
            return r;
        }
        for (int i = 0; i < RUN_WAYS; i++) {
            best[i] = round == 0 || ns[i] < best[i] ? ns[i] : best[i];
        }
    }
    return 0;
}

static int report(const uint64_t best[RUN_WAYS], size_t n_ops, size_t n_calls)
{
    double bare = (double)best[0] / ROUNDS / 1000;
    double per_program = (double)best[1] / ROUNDS / 1000;
    double per_op = (double)best[2] / ROUNDS / 1000;
    double with_bytes = (double)best[3] / ROUNDS / 1000;

    printf("  program of %zu ops, %zu host calls and accesses, reserved_va on\n", n_ops, n_calls);
    printf("  bare host calls        %7.1f us per program\n", bare);
    printf("  map check per program  %7.1f us: ratio %.2f (bound %.1f)\n", per_program,
           per_program / bare, BOUND_PROGRAM);
    printf("  map check per op       %7.1f us: ratio %.2f (bound %.1f)\n", per_op, per_op / bare,
           BOUND_OP);
    printf("  and the model, bytes too %5.1f us: ratio %.2f\n", with_bytes, with_bytes / bare);
    return per_program / bare > BOUND_PROGRAM || per_op / bare > BOUND_OP;
}

int bench_real(struct err *e)
{
    struct run_result result = RUN_RESULT_INIT;
    struct target_spec spec;
    struct runner *runner = NULL;
    struct prog p = PROG_INIT;
    struct bare b = {0};
    uint64_t best[RUN_WAYS];
    int r = target_parse(&spec, "linux,reserved=0x10000000", e);

    r = r < 0 ? r : prog_parse(&p, "bench", program_text, strlen(program_text), e);
    r = r < 0 ? r : runner_open(&runner, &spec, e);
    r = r < 0 ? r : record(runner, &p, &result, &b, e);
    r = r < 0 ? r : measure(runner, &p, &result, &b, best, e);
    if (r == 0) {
        r = report(best, p.ops.n, b.n);
    }
    if (b.window.size) {
        host_window_close(&b.window);
    }
    free(b.v);
    runner_close(runner);
    run_result_free(&result);
    prog_free(&p);
    return r;
}
