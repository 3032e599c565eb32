/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program as a container: copy, compare, insert, remove. What makes one valid is in fixup.c. */
#include "op/prog.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

void prog_free(struct prog *p)
{
    free(p->requires.v);
    free(p->files.v);
    free(p->ops.v);
    *p = PROG_INIT;
}

void prog_clear(struct prog *p)
{
    p->config = PROG_CONFIG_DEFAULT;
    p->requires.n = 0;
    p->files.n = 0;
    p->ops.n = 0;
}

static int vec_copy_raw(void **v, size_t *n, size_t *cap, const void *from, size_t from_n,
                        size_t size)
{
    if (vec_reserve_raw(v, cap, from_n, size) < 0) {
        return -ENOMEM;
    }
    if (from_n > 0) {
        memcpy(*v, from, from_n * size);
    }
    *n = from_n;
    return 0;
}

#define vec_copy(to, from) \
    vec_copy_raw((void **)&(to)->v, &(to)->n, &(to)->cap, (from)->v, (from)->n, sizeof(*(to)->v))

int prog_copy(struct prog *to, const struct prog *from)
{
    if (to == from) {
        return 0;
    }
    if (vec_copy(&to->requires, &from->requires) < 0 || vec_copy(&to->files, &from->files) < 0 ||
        vec_copy(&to->ops, &from->ops) < 0) {
        prog_clear(to);
        return -ENOMEM;
    }
    to->config = from->config;
    return 0;
}

static bool value_equal(const struct value *a, const struct value *b)
{
    return a->base == b->base && a->ref == b->ref && a->num == b->num;
}

static bool op_equal(const struct op *a, const struct op *b)
{
    for (unsigned i = 0; i < OP_ARGS_MAX; i++) {
        if (!value_equal(&a->arg[i], &b->arg[i])) {
            return false;
        }
    }
    return a->kind == b->kind && a->result == b->result && a->expect.kind == b->expect.kind &&
           a->expect.err == b->expect.err && value_equal(&a->expect.value, &b->expect.value);
}

bool prog_equal(const struct prog *a, const struct prog *b)
{
    if (a->requires.n != b->requires.n || a->files.n != b->files.n || a->ops.n != b->ops.n ||
        a->config.given != b->config.given ||
        memcmp(a->config.value, b->config.value, sizeof(a->config.value)) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->requires.n; i++) {
        const struct prog_require *x = &a->requires.v[i];
        const struct prog_require *y = &b->requires.v[i];

        if (x->kind != y->kind || x->value != y->value) {
            return false;
        }
    }
    for (size_t i = 0; i < a->files.n; i++) {
        if (a->files.v[i].size != b->files.v[i].size || a->files.v[i].open != b->files.v[i].open) {
            return false;
        }
    }
    for (size_t i = 0; i < a->ops.n; i++) {
        if (!op_equal(&a->ops.v[i], &b->ops.v[i])) {
            return false;
        }
    }
    return true;
}

int prog_insert(struct prog *p, size_t at, const struct op *op)
{
    struct op copy = *op; /* OP may be one of P's own, which the growth below moves */

    assert(at <= p->ops.n);
    if (p->ops.n >= PROG_OPS_MAX) {
        return -E2BIG;
    }
    if (vec_reserve(&p->ops, p->ops.n + 1) < 0) {
        return -ENOMEM;
    }
    memmove(p->ops.v + at + 1, p->ops.v + at, (p->ops.n - at) * sizeof(*p->ops.v));
    p->ops.v[at] = copy;
    p->ops.n++;
    return 0;
}

void prog_remove(struct prog *p, size_t at, size_t count)
{
    assert(at <= p->ops.n && count <= p->ops.n - at);
    if (count == 0) {
        return;
    }
    memmove(p->ops.v + at, p->ops.v + at + count, (p->ops.n - at - count) * sizeof(*p->ops.v));
    p->ops.n -= count;
}

int prog_add_file(struct prog *p, struct prog_file f)
{
    if (p->files.n >= PROG_FILES_MAX) {
        return -E2BIG;
    }
    if (vec_reserve(&p->files, p->files.n + 1) < 0) {
        return -ENOMEM;
    }
    p->files.v[p->files.n++] = f;
    return 0;
}

int prog_add_require(struct prog *p, struct prog_require r)
{
    if (p->requires.n >= PROG_REQUIRES_MAX) {
        return -E2BIG;
    }
    if (vec_reserve(&p->requires, p->requires.n + 1) < 0) {
        return -ENOMEM;
    }
    p->requires.v[p->requires.n++] = r;
    return 0;
}

size_t prog_wait_of(const struct prog *p, size_t at, size_t stop)
{
    unsigned depth = 1;

    for (size_t i = at + 1; i < stop; i++) {
        depth += p->ops.v[i].kind == OP_fork;
        depth -= p->ops.v[i].kind == OP_wait;
        if (depth == 0) {
            return i;
        }
    }
    return stop;
}

void prog_drop_expectations(struct prog *p)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        p->ops.v[i].expect = (struct expect){.kind = EXPECT_NONE};
    }
}
