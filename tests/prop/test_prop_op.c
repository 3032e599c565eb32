/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of programs on random input: any bytes and any garbage become a valid program,
 * repairing again changes nothing, and text and bytes carry all of it. TWINMAP_TEST_SEED repeats a
 * run.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "op/codec.h"
#include "op/text.h"

#define BYTES_MAX 2000

static uint64_t seed_of_run(void)
{
    const char *given = getenv("TWINMAP_TEST_SEED");

    return given ? strtoull(given, NULL, 0) : 20240611;
}

static void start(struct prng *rng, const char *what)
{
    uint64_t seed = seed_of_run();

    print_message("# %s: TWINMAP_TEST_SEED=%llu\n", what, (unsigned long long)seed);
    prng_seed(rng, seed);
}

static void assert_valid(const struct prog *p)
{
    struct err e;

    if (prog_check(p, &e) < 0) {
        fail_msg("%s", e.text);
    }
}

/*
 * Uniform bytes, or small ones, which make short numbers and near results, with the magic or
 * without.
 */
static size_t random_bytes(struct prng *rng, uint8_t *bytes)
{
    size_t len = prng_below(rng, prng_chance(rng, 1, 4) ? BYTES_MAX : 100);
    bool small = prng_chance(rng, 1, 2);

    for (size_t i = 0; i < len; i++) {
        bytes[i] =
            (uint8_t)(small && prng_chance(rng, 3, 4) ? prng_below(rng, 16) : prng_below(rng, 256));
    }
    if (len >= 2 && prng_chance(rng, 1, 2)) {
        bytes[0] = PROG_CODEC_MAGIC;
        bytes[1] = 1;
    }
    return len;
}

/* P unchanged by repair and by a way through bytes and through text. */
static void assert_lossless(const struct prog *p, struct prog *back, struct buf *out)
{
    struct buf again = BUF_INIT;
    struct err e;

    assert_int_equal(prog_copy(back, p), 0);
    prog_fixup(back);
    assert_true(prog_equal(p, back));

    buf_clear(out);
    prog_encode(p, out);
    assert_int_equal(prog_decode(back, (const uint8_t *)out->data, out->len), 0);
    assert_true(prog_equal(p, back));
    prog_encode(back, &again);
    assert_int_equal(again.len, out->len);
    assert_memory_equal(again.data, out->data, again.len);

    buf_clear(out);
    prog_print(p, out);
    if (prog_parse(back, "printed", buf_text(out), out->len, &e) < 0) {
        fail_msg("%s\n%s", e.text, buf_text(out));
    }
    if (!prog_equal(p, back)) {
        fail_msg("parses to another program:\n%s", buf_text(out));
    }
    buf_clear(&again);
    prog_print(back, &again);
    assert_string_equal(buf_text(&again), buf_text(out));
    buf_free(&again);
}

static void test_any_bytes_decode(void **state)
{
    struct prog p = PROG_INIT;
    struct prog back = PROG_INIT;
    struct buf out = BUF_INIT;
    uint8_t bytes[BYTES_MAX];
    size_t n_ops = 0;
    uint32_t kinds = 0;
    uint32_t expects = 0;
    struct prng rng;

    (void)state;
    start(&rng, "bytes");
    for (int i = 0; i < 20000; i++) {
        size_t len = random_bytes(&rng, bytes);

        assert_int_equal(prog_decode(&p, bytes, len), 0);
        assert_valid(&p);
        assert_lossless(&p, &back, &out);
        n_ops += p.ops.n;
        for (size_t k = 0; k < p.ops.n; k++) {
            kinds |= 1u << p.ops.v[k].kind;
            expects |= 1u << p.ops.v[k].expect.kind;
        }
    }
    /* The property has not been tried on nothing. */
    assert_true(n_ops > 20000);
    assert_int_equal(kinds, (1u << OP_KIND_COUNT) - 1);
    /* Nobody meant what random bytes expect: they carry no seal. */
    assert_int_equal(expects, 1u << EXPECT_NONE);
    prog_free(&p);
    prog_free(&back);
    buf_free(&out);
}

/*
 * An encoded program with a few bytes changed, as an engine that knows nothing of programs would
 * do.
 */
static void test_damaged_bytes_decode(void **state)
{
    struct prog p = PROG_INIT;
    struct prog back = PROG_INIT;
    struct buf out = BUF_INIT;
    struct buf damaged = BUF_INIT;
    uint8_t bytes[BYTES_MAX];
    struct prng rng;

    (void)state;
    start(&rng, "damage");
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(prog_decode(&p, bytes, random_bytes(&rng, bytes)), 0);
        buf_clear(&damaged);
        prog_encode(&p, &damaged);
        for (int k = 0; k < 4; k++) {
            damaged.data[prng_below(&rng, damaged.len)] = (char)prng_u64(&rng);
        }
        assert_int_equal(
            prog_decode(&p, (const uint8_t *)damaged.data, prng_between(&rng, 0, damaged.len)), 0);
        assert_valid(&p);
        assert_lossless(&p, &back, &out);
    }
    prog_free(&p);
    prog_free(&back);
    buf_free(&out);
    buf_free(&damaged);
}

static uint64_t random_num(struct prng *rng)
{
    return prng_u64(rng) >> prng_below(rng, 64);
}

static struct value random_value(struct prng *rng)
{
    return (struct value){(uint8_t)prng_below(rng, prng_chance(rng, 1, 9) ? 256 : 4),
                          (uint16_t)random_num(rng), random_num(rng)};
}

/* No field has been thought about. */
static void random_prog(struct prog *p, struct prng *rng)
{
    size_t n = prng_below(rng, 40);

    prog_clear(p);
    p->config.given = (uint8_t)prng_u64(rng);
    for (unsigned k = 0; k < CONFIG_KEY_COUNT; k++) {
        p->config.value[k] = random_num(rng);
    }
    for (size_t i = prng_below(rng, 4); i > 0; i--) {
        struct prog_file f = {random_num(rng), (uint8_t)random_num(rng)};
        struct prog_require r = {(uint8_t)random_num(rng), random_num(rng)};

        assert_int_equal(prog_add_file(p, f), 0);
        assert_int_equal(prog_add_require(p, r), 0);
    }
    for (size_t i = 0; i < n; i++) {
        struct op op = {(uint8_t)random_num(rng), (uint16_t)random_num(rng), {{0}}, {0}};

        for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
            op.arg[k] = random_value(rng);
        }
        op.expect = (struct expect){(uint8_t)prng_below(rng, 10), (uint8_t)random_num(rng),
                                    random_value(rng)};
        assert_int_equal(prog_insert(p, i, &op), 0);
    }
}

static void test_any_garbage_is_repaired(void **state)
{
    struct prog p = PROG_INIT;
    struct prog before = PROG_INIT;
    struct prog back = PROG_INIT;
    struct buf out = BUF_INIT;
    struct prng rng;
    int valid = 0;

    (void)state;
    start(&rng, "garbage");
    for (int i = 0; i < 20000; i++) {
        bool was_valid;

        random_prog(&p, &rng);
        assert_int_equal(prog_copy(&before, &p), 0);
        was_valid = prog_check(&p, NULL) == 0;
        prog_fixup(&p);
        /* What is refused is what is repaired, no more and no less. */
        assert_int_equal(prog_equal(&p, &before), was_valid);
        assert_valid(&p);
        assert_lossless(&p, &back, &out);
        valid += was_valid;
    }
    assert_true(valid < 20000);
    prog_free(&p);
    prog_free(&before);
    prog_free(&back);
    buf_free(&out);
}

/*
 * A printed program with a few bytes changed is read or refused, and the refusal is one line with a
 * place.
 */
static void test_damaged_text_is_read_or_refused(void **state)
{
    struct prog p = PROG_INIT;
    struct prog back = PROG_INIT;
    struct buf out = BUF_INIT;
    struct buf text = BUF_INIT;
    uint8_t bytes[BYTES_MAX];
    int refused = 0;
    struct prng rng;

    (void)state;
    start(&rng, "text");
    for (int i = 0; i < 5000; i++) {
        struct err e = {""};

        assert_int_equal(prog_decode(&p, bytes, random_bytes(&rng, bytes)), 0);
        buf_clear(&text);
        prog_print(&p, &text);
        for (uint64_t k = prng_below(&rng, 3); k > 0; k--) {
            text.data[prng_below(&rng, text.len)] = text.data[prng_below(&rng, text.len)];
        }
        if (prog_parse(&p, "t", text.data, text.len, &e) == 0) {
            assert_valid(&p);
            assert_lossless(&p, &back, &out);
            continue;
        }
        refused++;
        assert_int_equal(strncmp(e.text, "t:", 2), 0);
        assert_non_null(strstr(e.text, ": read "));
        assert_non_null(strstr(e.text, ", expected "));
        assert_null(strchr(e.text, '\n'));
    }
    assert_in_range(refused, 500, 4500);
    prog_free(&p);
    prog_free(&back);
    buf_free(&out);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_bytes_decode),
        cmocka_unit_test(test_damaged_bytes_decode),
        cmocka_unit_test(test_any_garbage_is_repaired),
        cmocka_unit_test(test_damaged_text_is_read_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
