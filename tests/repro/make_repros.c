/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random programs as C reproducers, one file per seed: what the native kernel showed is expected.
 *
 * usage: make_repros DIR N SEED     77: the native kernel is not to be had
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "diff_gen.h"
#include "exec/kernel.h"
#include "op/text.h"
#include "repro.h"

static int write_one(const struct prog *p, const struct record *record, const char *dir,
                     uint64_t seed, struct err *e)
{
    const struct repro r = {.prog = p, .record = record};
    struct buf out = BUF_INIT;
    struct buf path = BUF_INIT;
    int rc;

    buf_fmt(&path, "%s/%" PRIu64 ".c", dir, seed);
    rc = repro_c(&r, &out, e);
    if (rc == 0) {
        rc = buf_write_file(&out, buf_text(&path), e);
    } else if (rc == -ENOTSUP) {
        printf("%" PRIu64 ": %s\n", seed, e->text);
        rc = 0;
    }
    buf_free(&out);
    buf_free(&path);
    return rc;
}

/* No C program can say what these do, and the native kernel does not run them. */
static void drop_exec(struct prog *p)
{
    for (size_t i = p->ops.n; i-- > 0;) {
        if (p->ops.v[i].kind == OP_exec) {
            prog_remove(p, i, 1);
        }
    }
}

static int make(const char *dir, uint64_t n, uint64_t seed, struct err *e)
{
    const struct prog_config usual = PROG_CONFIG_DEFAULT;
    const struct diff_gen how = {.system = ABI_LINUX, .native = &usual};
    struct prog p = PROG_INIT;
    struct record record = RECORD_INIT;
    struct kernel *k = NULL;
    int rc = kernel_open(&k, e);

    for (uint64_t i = 0; rc == 0 && i < n; i++) {
        rc = diff_generate(&p, &how, seed + i);
        drop_exec(&p);
        rc = rc < 0 ? rc : kernel_run(k, &p, &record, e);
        rc = rc < 0 || record.skipped ? rc : write_one(&p, &record, dir, seed + i, e);
    }
    kernel_close(k);
    record_free(&record);
    prog_free(&p);
    return rc;
}

int main(int argc, char **argv)
{
    struct err e = {""};
    const char *why;

    if (argc != 4) {
        fprintf(stderr, "usage: make_repros DIR N SEED\n");
        return 2;
    }
    if (!kernel_available(&why)) {
        printf("%s\n", why);
        return 77;
    }
    if (make(argv[1], strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), &e) < 0) {
        fprintf(stderr, "make_repros: %s\n", e.text);
        return 3;
    }
    return 0;
}
