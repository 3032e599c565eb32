/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "minimise_bed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "base/range.h"
#include "base/vec.h"
#include "op/text.h"

#define FAR (UINT64_C(1) << 40) /* where no program maps anything */

void probe_free(struct probe *x)
{
    for (size_t i = 0; i < x->seen.n; i++) {
        free(x->seen.v[i]);
    }
    free(x->seen.v);
}

static void note(struct probe *x, const struct prog *p)
{
    struct buf text = BUF_INIT;

    prog_print(p, &text);
    for (size_t i = 0; i < x->seen.n && !x->repeats; i++) {
        if (strcmp(x->seen.v[i], buf_text(&text)) == 0) {
            fail_msg("asked twice:\n%s", buf_text(&text));
        }
    }
    assert_int_equal(vec_reserve(&x->seen, x->seen.n + 1), 0);
    x->seen.v[x->seen.n++] = strdup(buf_text(&text));
    buf_free(&text);
}

int probe_same(void *arg, const struct prog *p, enum minimise_change change, struct err *e)
{
    struct probe *x = arg;
    struct err why;

    x->asked++;
    x->repeats |= change != MINIMISE_NOTHING;
    if (prog_check(p, &why) < 0) {
        fail_msg("an invalid candidate: %s", why.text);
    }
    assert_true(p->ops.n > 0);
    note(x, p);
    if (x->asked == x->fail_at) {
        return err_set(e, -EIO, "the world failed");
    }
    return x->holds(p) && (!x->flaky || prng_chance(x->flaky, 1, 2));
}

static void probe_taken(void *arg, const struct prog *p)
{
    struct probe *x = arg;

    x->taken = p->ops.n;
}

struct minimise_stats probe_run(struct probe *x, struct prog *p, unsigned runs, uint64_t budget)
{
    struct minimise_options o = {.pred = {.same = probe_same, .taken = probe_taken, .arg = x},
                                 .runs = runs,
                                 .budget = budget};
    struct minimise_stats s;
    struct err e;
    size_t before = p->ops.n;

    x->repeats = runs > 1;
    x->taken = before;
    if (minimise(p, &o, &s, &e) < 0) {
        fail_msg("%s", e.text);
    }
    assert_int_equal(s.executed, x->asked);
    assert_int_equal(s.ops_before, before);
    assert_int_equal(s.ops_after, p->ops.n);
    assert_int_equal(x->taken, p->ops.n);
    assert_int_equal(prog_check(p, NULL), 0);
    return s;
}

void parse(struct prog *p, const char *text)
{
    struct err e;

    if (prog_parse(p, "test", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
}

/* Predicates. */

static size_t find(const struct prog *p, enum op_kind kind, size_t from)
{
    while (from < p->ops.n && p->ops.v[from].kind != kind) {
        from++;
    }
    return from;
}

bool has_mprotect(const struct prog *p)
{
    return find(p, OP_mprotect, 0) < p->ops.n;
}

bool stores_then_forks(const struct prog *p)
{
    return find(p, OP_fork, find(p, OP_store, 0)) < p->ops.n;
}

/* The pages that op I is about, results followed to where they were mapped. */
static bool op_range(const struct prog *p, size_t i, struct range *ret)
{
    const struct value *v = &p->ops.v[i].arg[0];
    uint64_t at = v->num;

    for (size_t k = 0; v->base == VALUE_RESULT && k < i; k++) {
        if (p->ops.v[k].result == v->ref) {
            struct range r;

            if (!op_range(p, k, &r)) {
                return false;
            }
            at = r.start + v->num;
            break;
        }
    }
    return at < FAR && range_from_len(at, p->ops.v[i].arg[1].num, ret) && ret->last < FAR;
}

bool unmaps_shared(const struct prog *p)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        struct range map;
        struct range r;

        if (p->ops.v[i].kind != OP_mmap || !(p->ops.v[i].arg[3].num & ABI_MAP_SHARED) ||
            !(p->ops.v[i].arg[3].num & ABI_MAP_FIXED) || !op_range(p, i, &map)) {
            continue;
        }
        for (size_t k = find(p, OP_munmap, i); k < p->ops.n; k = find(p, OP_munmap, k + 1)) {
            if (op_range(p, k, &r) && range_overlaps(map, r)) {
                return true;
            }
        }
    }
    return false;
}

/* A map over the page behind the first of another. */
bool maps_over_second_page(const struct prog *p)
{
    uint64_t page = p->config.value[CONFIG_GUEST_PAGE];

    for (size_t i = 0; i < p->ops.n; i++) {
        for (size_t k = i + 1; k < p->ops.n; k++) {
            const struct op *a = &p->ops.v[i];
            const struct op *b = &p->ops.v[k];

            if (a->kind == OP_mmap && b->kind == OP_mmap && a->arg[0].base == VALUE_WINDOW &&
                b->arg[0].base == VALUE_WINDOW && a->arg[0].num < FAR && a->arg[1].num < FAR &&
                b->arg[0].num >= a->arg[0].num + page &&
                b->arg[0].num - a->arg[0].num < a->arg[1].num) {
                return true;
            }
        }
    }
    return false;
}

bool waits_between(const struct prog *p)
{
    size_t fork = find(p, OP_fork, 0);
    size_t wait = fork < p->ops.n ? prog_wait_of(p, fork, p->ops.n) : p->ops.n;

    return wait < p->ops.n && find(p, OP_munmap, fork) < wait;
}

bool is_bigger_host_page(const struct prog *p)
{
    return p->config.value[CONFIG_HOST_PAGE] > p->config.value[CONFIG_GUEST_PAGE] &&
           find(p, OP_msync, 0) < p->ops.n;
}

bool expects_a_failure(const struct prog *p)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        if (p->ops.v[i].expect.kind == EXPECT_ERRNO && p->requires.n > 0) {
            return true;
        }
    }
    return false;
}

bool maps_a_file_off_its_start(const struct prog *p)
{
    for (size_t i = find(p, OP_mmap, 0); i < p->ops.n; i = find(p, OP_mmap, i + 1)) {
        const struct op *op = &p->ops.v[i];

        if (op->arg[4].base == VALUE_FILE && op->arg[5].num >= 0x2000 &&
            p->files.v[op->arg[4].ref].size >= 10) {
            return true;
        }
    }
    return false;
}

/* Whatever is done to the page at 0x11000 of the window, as source or as target. */
bool reaches_second_page(const struct prog *p)
{
    const struct range page = {0x11000, 0x11fff};

    for (size_t i = 0; i < p->ops.n; i++) {
        const struct op *op = &p->ops.v[i];
        struct range r;

        if (op->arg[0].base == VALUE_WINDOW && op_range(p, i, &r) && range_overlaps(r, page)) {
            return true;
        }
        if (op->kind == OP_mremap && op->arg[4].base == VALUE_WINDOW &&
            range_from_len(op->arg[4].num, op->arg[2].num, &r) && range_overlaps(r, page)) {
            return true;
        }
    }
    return false;
}
