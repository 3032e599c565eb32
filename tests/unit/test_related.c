/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/exec/related: a layer that breaks a law of mmap, or whose answers depend on the host page, is
 * found, though each of its answers alone is one that the checks of a step let pass.
 */
#include "runner_util.h"

#include <errno.h>

#include "exec/related.h"

enum { TRIES = 40 };

/* How the layer of the test goes wrong. */
static struct {
    uint64_t host_page;
    uint64_t unmapped; /* start of the last munmap */
} layer_state;

static int start(struct layer *l, const struct layer_setup *setup)
{
    layer_state.host_page = setup->host_page;
    layer_state.unmapped = UINT64_MAX;
    return layer_linux.start(l, setup);
}

static int refusing_second_munmap(struct layer *l, uint64_t at, uint64_t len)
{
    if (at == layer_state.unmapped) {
        errno = EINVAL;
        return -1;
    }
    layer_state.unmapped = at;
    return layer_linux.munmap(l, at, len);
}

static int refusing_big_pages(struct layer *l, uint64_t at, uint64_t len, int prot)
{
    if (layer_state.host_page == 65536) {
        errno = EACCES;
        return -1;
    }
    return layer_linux.mprotect(l, at, len, prot);
}

/* TEXT and TRIES of its relatives. */
static enum run_verdict relate(struct bench *b, const char *text, uint64_t *pairs)
{
    struct related *x = related_new();
    struct prng rng;
    struct err e = {""};

    assert_non_null(x);
    check_pass(b, text);
    prng_seed(&rng, 1);
    *pairs = 0;
    if (related_run(x, b->runner, &b->prog, &b->options, TRIES, &rng, &b->result, pairs, &e) < 0) {
        fail_msg("%s", e.text);
    }
    related_free(x);
    return b->result.verdict;
}

static const char text[] = "r0 = mmap(@0x20000, 0x8000, PROT_READ|PROT_WRITE, "
                           "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
                           "store(r0, 16, 0x11)\n"
                           "mprotect(r0, 0x8000, PROT_READ)\n"
                           "load(r0, 16)\n"
                           "munmap(r0, 0x8000)\n";

static void test_a_right_layer_has_no_relatives_that_differ(void **state)
{
    static const char *const targets[] = {"linux,host=sim-linux", "bsd,host=sim-freebsd", "linux"};

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct bench b;
        uint64_t pairs;

        bench_open(&b, targets[i], NULL);
        if (relate(&b, text, &pairs) != RUN_PASS) {
            fail_msg("%s", buf_text(&b.result.reason));
        }
        assert_true(pairs > TRIES / 2);
        bench_close(&b);
    }
}

static void expect_found(const struct layer_ops *layer, enum inv_id id, size_t bad_op)
{
    struct bench b;
    uint64_t pairs;

    bench_open(&b, "linux,host=sim-linux", layer);
    b.options.model = false;
    assert_int_equal(relate(&b, text, &pairs), RUN_FINDING);
    assert_int_equal(b.result.violated, id);
    assert_true(b.result.bad_step < b.result.n_steps);
    assert_int_equal(b.result.steps[b.result.bad_step].op, bad_op);
    bench_close(&b);
}

static void test_a_broken_law_is_found(void **state)
{
    struct layer_ops layer = layer_linux;

    (void)state;
    layer.start = start;
    layer.munmap = refusing_second_munmap;
    expect_found(&layer, INV_ALGEBRA, 4);
}

static void test_an_answer_that_depends_on_the_host_page_is_found(void **state)
{
    struct layer_ops layer = layer_linux;

    (void)state;
    layer.start = start;
    layer.mprotect = refusing_big_pages;
    expect_found(&layer, INV_CONFIG_INDEPENDENCE, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_right_layer_has_no_relatives_that_differ),
        cmocka_unit_test(test_a_broken_law_is_found),
        cmocka_unit_test(test_an_answer_that_depends_on_the_host_page_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
