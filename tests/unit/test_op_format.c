/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that must stay what they are: programs of each version of the format, which mean the same
 * for ever, and the corpus, which engines take without conversion. TEST_REWRITE=1 writes golden
 * files that are missing; one that is there says what its program means and is never changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/int.h"
#include "op/codec.h"
#include "op/text.h"

static void path_to(const char *folder, const char *name, const char *ending, struct buf *out)
{
    const char *root = getenv("TWINMAP_SOURCE_ROOT");
    size_t stem = ending ? strlen(name) - strlen(".tm") : strlen(name);

    buf_clear(out);
    buf_fmt(out, "%s/%s/%.*s%s", root ? root : ".", folder, (int)stem, name, ending ? ending : "");
}

static void read_whole(const struct buf *path, struct buf *out)
{
    struct err e;

    buf_clear(out);
    if (buf_read_file(out, buf_text(path), &e) < 0) {
        fail_msg("%s", e.text);
    }
}

static bool is_text(const char *name)
{
    size_t n = strlen(name);

    return n > 3 && strcmp(name + n - 3, ".tm") == 0;
}

/* CALL for each program below FOLDER; how many there are. */
static size_t each_text(const char *folder, void (*call)(const char *folder, const char *name))
{
    struct buf path = BUF_INIT;
    struct dirent **entries;
    size_t count = 0;
    int n;

    path_to("", folder, NULL, &path);
    n = scandir(buf_text(&path), &entries, NULL, alphasort);
    assert_true(n >= 0);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        struct stat st;

        buf_clear(&path);
        buf_fmt(&path, "%s/%s", folder, name);
        if (is_text(name)) {
            call(folder, name);
            count++;
        } else if (name[0] != '.') {
            struct buf below = BUF_INIT;

            path_to("", buf_text(&path), NULL, &below);
            assert_int_equal(stat(buf_text(&below), &st), 0);
            count += S_ISDIR(st.st_mode) ? each_text(buf_text(&path), call) : 0;
            buf_free(&below);
        }
        free(entries[i]);
    }
    free(entries);
    buf_free(&path);
    return count;
}

static void load(const char *folder, const char *name, struct prog *p)
{
    struct buf path = BUF_INIT;
    struct err e;

    path_to(folder, name, NULL, &path);
    if (prog_load(p, buf_text(&path), PROG_FORMAT_TEXT, &e) < 0) {
        fail_msg("%s", e.text);
    }
    buf_free(&path);
}

static void write_if_missing(const struct buf *path, const struct buf *data)
{
    struct err e;

    if (getenv("TEST_REWRITE") && access(buf_text(path), F_OK) < 0) {
        assert_int_equal(buf_write_file(data, buf_text(path), &e), 0);
    }
}

#define V1 "tests/data/format/v1"

static void check_v1(const char *folder, const char *name)
{
    struct prog p = PROG_INIT;
    struct prog again = PROG_INIT;
    struct buf path = BUF_INIT;
    struct buf now = BUF_INIT;
    struct buf golden = BUF_INIT;
    struct err e;

    load(folder, name, &p);
    prog_print(&p, &now);
    path_to(folder, name, ".canonical", &path);
    write_if_missing(&path, &now);
    read_whole(&path, &golden);
    assert_string_equal(buf_text(&now), buf_text(&golden));
    assert_int_equal(prog_parse(&again, name, golden.data, golden.len, &e), 0);
    assert_true(prog_equal(&again, &p));

    buf_clear(&now);
    prog_encode(&p, &now);
    path_to(folder, name, ".bin", &path);
    write_if_missing(&path, &now);
    read_whole(&path, &golden);
    assert_int_equal(prog_decode(&again, (const uint8_t *)golden.data, golden.len), 0);
    if (!prog_equal(&again, &p)) {
        fail_msg("%s no longer means what %s does", buf_text(&path), name);
    }
    prog_free(&p);
    prog_free(&again);
    buf_free(&path);
    buf_free(&now);
    buf_free(&golden);
}

static void test_version_1_means_what_it_meant(void **state)
{
    (void)state;
    assert_true(each_text(V1, check_v1) >= 6);
}

/* What the files of a version use, all together. */
static struct {
    uint64_t ops, requires, configs, opens, bases, prots, map, mremap, msync;
    uint64_t advice; /* bit per named one */
    uint64_t expects[OP_KIND_COUNT];
    bool errnos[256];
    bool raw_map, raw_msync, raw_advice, aligned, prot_max, versioned, unversioned;
} seen;

static void see_value(enum arg_kind kind, const struct value *v)
{
    switch (kind) {
    case ARG_PROT:
        seen.prots |= v->num;
        seen.prot_max |= (v->num >> ABI_PROT_MAX_SHIFT & 0xff) != 0;
        break;
    case ARG_MAPFLAGS:
        seen.map |= v->num & ~(uint64_t)ABI_MAP_ALIGNED_MASK;
        seen.aligned |= (v->num & ABI_MAP_ALIGNED_MASK) != 0;
        seen.raw_map |= v->num >> ABI_MAP_RAW_SHIFT != 0;
        break;
    case ARG_MREMAPFLAGS:
        seen.mremap |= v->num;
        break;
    case ARG_MSYNCFLAGS:
        seen.msync |= v->num;
        seen.raw_msync |= v->num >> ABI_MAP_RAW_SHIFT != 0;
        break;
    case ARG_ADVICE:
        seen.raw_advice |= v->num < ABI_ADVICE_NAMED;
        seen.advice |= v->num < ABI_ADVICE_NAMED ? 0 : UINT64_C(1) << (v->num - ABI_ADVICE_NAMED);
        break;
    default:
        seen.bases |= UINT64_C(1) << v->base;
        break;
    }
}

static void see_op(const struct op *op)
{
    seen.ops |= UINT64_C(1) << op->kind;
    seen.expects[op->kind] |= UINT64_C(1) << op->expect.kind;
    if (op->expect.kind == EXPECT_ERRNO) {
        seen.errnos[op->expect.err] = true;
    }
    for (unsigned i = 0; i < op_args_used(op); i++) {
        see_value((enum arg_kind)op_descs[op->kind].arg[i], &op->arg[i]);
    }
}

static void see(const char *folder, const char *name)
{
    struct prog p = PROG_INIT;
    struct buf path = BUF_INIT;
    struct buf text = BUF_INIT;

    load(folder, name, &p);
    path_to(folder, name, NULL, &path);
    read_whole(&path, &text);
    *(strstr(buf_text(&text), "twinmap 1") ? &seen.versioned : &seen.unversioned) = true;
    seen.configs |= p.config.given;
    for (size_t i = 0; i < p.requires.n; i++) {
        seen.requires |= UINT64_C(1) << p.requires.v[i].kind;
    }
    for (size_t i = 0; i < p.files.n; i++) {
        seen.opens |= UINT64_C(1) << p.files.v[i].open;
    }
    for (size_t i = 0; i < p.ops.n; i++) {
        see_op(&p.ops.v[i]);
    }
    prog_free(&p);
    buf_free(&path);
    buf_free(&text);
}

/* The flags and numbers that version 1 has names for. */
static void check_names(void)
{
    uint64_t advice = 0;

#define PROT(name, bit) assert_true(seen.prots &ABI_##name);
#include "abi/prot.def"
#undef PROT
#define MAPFLAG(name, ...) assert_true(seen.map &ABI_##name);
#include "abi/mapflag.def"
#undef MAPFLAG
#define ERRNO(name, ...) assert_true(seen.errnos[ABI_##name]);
#include "abi/errno.def"
#undef ERRNO
#define MREMAP(name, bit) assert_true(seen.mremap &ABI_##name);
#define MSYNC(name, ...) assert_true(seen.msync &ABI_##name);
#define ADVICE(name, ...) advice |= UINT64_C(1) << (ABI_##name - ABI_ADVICE_NAMED);
#include "abi/misc.def"
    assert_int_equal(seen.advice, advice);
    assert_true(seen.raw_map && seen.raw_msync && seen.raw_advice && seen.aligned && seen.prot_max);
}

/* The files are worth what they use: a construct without one could change unseen. */
static void test_the_files_use_every_construct(void **state)
{
    uint64_t all_expects = (UINT64_C(1) << EXPECT_KIND_COUNT) - 1;
    uint64_t expects = 0;

    (void)state;
    (void)each_text(V1, see);
    assert_int_equal(seen.ops, (UINT64_C(1) << OP_KIND_COUNT) - 1);
    assert_int_equal(seen.requires, (UINT64_C(1) << REQUIRE_KIND_COUNT) - 1);
    assert_int_equal(seen.configs, (1u << CONFIG_KEY_COUNT) - 1);
    assert_int_equal(seen.opens, (UINT64_C(1) << PROG_OPEN_COUNT) - 1);
    assert_int_equal(seen.bases, (UINT64_C(1) << VALUE_BASE_COUNT) - 1);
    for (int kind = 0; kind < OP_KIND_COUNT; kind++) {
        expects |= seen.expects[kind];
        if (op_descs[kind].result != OP_RESULT_NONE && seen.expects[kind] == 1) {
            fail_msg("no file expects anything of %s", op_descs[kind].name);
        }
    }
    assert_int_equal(expects, all_expects);
    assert_true(seen.versioned && seen.unversioned);
    check_names();
}

static void test_a_later_version_is_refused(void **state)
{
    static const char text[] = "# of another time\ntwinmap 2\nmunmap(@0, 1)\n";
    struct prog p = PROG_INIT;
    struct err e = {""};

    (void)state;
    assert_true(prog_parse(&p, "new.tm", text, strlen(text), &e) < 0);
    assert_string_equal(
        e.text, "new.tm:2:9: read '2', expected 1, the one version that this twinmap reads");
    assert_int_equal(p.ops.n, 0);
    prog_free(&p);
}

/* An engine, which knows no names, gets the program and not what its letters are as bytes. */
static void check_input(const char *folder, const char *name)
{
    struct prog text = PROG_INIT;
    struct prog input = PROG_INIT;
    struct buf path = BUF_INIT;
    struct buf data = BUF_INIT;

    load(folder, name, &text);
    prog_drop_expectations(&text);
    path_to(folder, name, NULL, &path);
    read_whole(&path, &data);
    assert_int_equal(prog_decode_any(&input, (const uint8_t *)data.data, data.len), 0);
    if (!prog_equal(&input, &text)) {
        fail_msg("%s is another program to an engine", buf_text(&path));
    }
    prog_free(&text);
    prog_free(&input);
    buf_free(&path);
    buf_free(&data);
}

static void test_the_corpus_is_input_as_it_is(void **state)
{
    (void)state;
    assert_true(each_text("corpus", check_input) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_1_means_what_it_meant),
        cmocka_unit_test(test_the_files_use_every_construct),
        cmocka_unit_test(test_a_later_version_is_refused),
        cmocka_unit_test(test_the_corpus_is_input_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
