/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs that were cut, shuffled and garbled: each is refused with a place in it or gives valid
 * programs that can be printed and parsed. TWINMAP_TEST_SEED repeats a run.
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
#include "op/import.h"
#include "op/text.h"

#define ROUNDS 3000

static const char log_text[] =
    "1 brk(NULL) = 0x560433439000\n"
    "1 openat(AT_FDCWD, \"/a\", O_RDONLY|O_CLOEXEC) = 3\n"
    "1 newfstatat(3, \"\", {st_mode=S_IFREG|0644, st_size=46539, ...}, AT_EMPTY_PATH) = 0\n"
    "1 mmap(NULL, 46539, PROT_READ, MAP_PRIVATE, 3, 0) = 0x7fa3a6e95000\n"
    "1 mmap(0x7fa3a6e96000, 8192, PROT_READ, MAP_SHARED|MAP_FIXED, 3, 0x7000) = 0x7fa3a6e96000\n"
    "1 close(3) = 0\n"
    "1 mprotect(0x560412735000, 4096, PROT_READ) = 0\n"
    "1 brk(0x56043345a000) = 0x56043345a000\n"
    "1 clone3({flags=CLONE_VM|CLONE_FILES, exit_signal=0}, 88) = 2\n"
    "2 munmap(0x7fa3a6e95000, 46539 <unfinished ...>\n"
    "1 mmap(NULL, 5001216, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished "
    "...>\n"
    "2 <... munmap resumed>) = 0\n"
    "1 <... mmap resumed>) = 0x7fa3a6e95000\n"
    "1 mremap(0x7fa3a6e95000, 5001216, 10002432, MREMAP_MAYMOVE) = 0x7f2c25c37000\n"
    "2 madvise(0x7f2c25c37000, 8192, MADV_DONTNEED) = 0\n"
    "2 munmap(0x7f2c25c37001, 4096) = -1 EINVAL (Invalid argument)\n"
    "1 brk(0x560433449000) = 0x560433449000\n"
    "3 brk(NULL) = 0x1d3dd000\n"
    "3 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000\n"
    "3 --- SIGSEGV {si_signo=SIGSEGV} ---\n";

/* The line around AT, its newline included. */
static void line_at(const char *text, size_t len, size_t at, size_t *start, size_t *n)
{
    const char *newline = memchr(text + at, '\n', len - at);

    while (at > 0 && text[at - 1] != '\n') {
        at--;
    }
    *start = at;
    *n = (newline ? (size_t)(newline - text) + 1 : len) - at;
}

/* A line changes places with all that stands in front of it. */
static void move_line(struct prng *rng, char *text, size_t len)
{
    char line[200];
    size_t start;
    size_t n;

    line_at(text, len, prng_below(rng, len), &start, &n);
    if (n <= sizeof(line)) {
        memcpy(line, text + start, n);
        memmove(text + n, text, start);
        memcpy(text, line, n);
    }
}

/* TEXT is changed in place; returns its new length. */
static size_t garble(struct prng *rng, char *text, size_t len)
{
    static const char alphabet[] = "0123456789abcdefx,()[]{}<>=|-\"\\ \n.NULL";
    size_t at;
    size_t n;

    for (uint64_t k = prng_below(rng, 6); k > 0 && len > 1; k--) {
        at = prng_below(rng, len);
        n = prng_between(rng, 1, len - at < 200 ? len - at : 200);
        switch (prng_below(rng, 5)) {
        case 0:
            text[at] = alphabet[prng_below(rng, sizeof(alphabet) - 1)];
            break;
        case 1:
            text[at] = (char)prng_below(rng, 256);
            break;
        case 2: /* some bytes are gone */
            memmove(text + at, text + at + n, len - at - n);
            len -= n;
            break;
        case 3: /* some bytes are elsewhere instead of what was there */
            memmove(text + prng_below(rng, len - n + 1), text + at, n);
            break;
        default:
            move_line(rng, text, len);
            break;
        }
    }
    return len;
}

static void check(const char *text, size_t len, unsigned *refused)
{
    struct import_space *spaces = NULL;
    struct prog back = PROG_INIT;
    struct buf out = BUF_INIT;
    struct err e = {""};
    size_t n = 0;

    if (import_strace("x.log", text, len, &spaces, &n, &e) < 0) {
        assert_memory_equal(e.text, "x.log:", 6);
        assert_null(spaces);
        ++*refused;
        return;
    }
    assert_in_range(n, 1, 100);
    for (size_t i = 0; i < n; i++) {
        if (prog_check(&spaces[i].prog, &e) < 0) {
            fail_msg("%s", e.text);
        }
        buf_clear(&out);
        import_print(&spaces[i], &out);
        if (prog_parse(&back, "printed", out.data, out.len, &e) < 0) {
            fail_msg("%s\n%s", e.text, out.data);
        }
        assert_true(prog_equal(&back, &spaces[i].prog));
    }
    import_free(spaces, n);
    prog_free(&back);
    buf_free(&out);
}

static void test_garbled_logs(void **state)
{
    const char *given = getenv("TWINMAP_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 20240614;
    unsigned refused = 0;
    struct prng rng;

    (void)state;
    print_message("# garbled: TWINMAP_TEST_SEED=%llu\n", (unsigned long long)seed);
    prng_seed(&rng, seed);
    for (unsigned i = 0; i < ROUNDS; i++) {
        /* On the heap and without a NUL, so that a sanitizer sees a byte read too far. */
        char *text = malloc(sizeof(log_text) - 1);
        char *exact;
        size_t len;

        assert_non_null(text);
        memcpy(text, log_text, sizeof(log_text) - 1);
        len = garble(&rng, text, sizeof(log_text) - 1);
        exact = malloc(len);
        assert_non_null(exact);
        memcpy(exact, text, len);
        check(exact, len, &refused);
        free(exact);
        free(text);
    }
    /* Both outcomes are common, or the garbling tests nothing. */
    assert_in_range(refused, ROUNDS / 10, ROUNDS * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_garbled_logs),
    };

    return cmocka_run_group_tests_name("prop-import", tests, NULL, NULL);
}
