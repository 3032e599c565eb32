/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "minimise_int.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "op/codec.h"

enum {
    USUAL_BUDGET = 400, /* for a program of up to USUAL_OPS ops, */
    USUAL_OPS = 100,
    BUDGET_PER_OP = 4, /* and for each one more */
    ROUNDS_MAX = 64,   /* far more than are ever made */
};

struct prog *minimise_trial(struct minimiser *m)
{
    int rc = prog_copy(&m->trial, &m->best);

    assert(rc == 0); /* both have had room for the first program from the start */
    (void)rc;
    return &m->trial;
}

/* Bit NAME of USED for every result that an address or an expectation of P refers to. */
static void note_used(const struct prog *p, bool *used)
{
    memset(used, 0, PROG_RESULTS_MAX * sizeof(*used));
    for (size_t i = 0; i < p->ops.n; i++) {
        const struct op *op = &p->ops.v[i];

        for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
            if (op->arg[k].base == VALUE_RESULT) {
                used[op->arg[k].ref] = true;
            }
        }
        if (op->expect.value.base == VALUE_RESULT) {
            used[op->expect.value.ref] = true;
        }
    }
}

static void rename_results(struct prog *p)
{
    bool used[PROG_RESULTS_MAX];
    uint16_t name[PROG_RESULTS_MAX];
    uint16_t next = 0;

    note_used(p, used);
    for (size_t i = 0; i < p->ops.n; i++) {
        struct op *op = &p->ops.v[i];

        for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
            if (op->arg[k].base == VALUE_RESULT) {
                op->arg[k].ref = name[op->arg[k].ref];
            }
        }
        if (op->expect.value.base == VALUE_RESULT) {
            op->expect.value.ref = name[op->expect.value.ref];
        }
        if (op->result != OP_NO_RESULT && !used[op->result]) {
            op->result = OP_NO_RESULT;
        } else if (op->result != OP_NO_RESULT) {
            name[op->result] = next;
            op->result = next++;
        }
    }
}

void minimise_tidy(struct prog *p)
{
    size_t files = 0;

    p->config.given = 0;
    for (unsigned key = 0; key < CONFIG_KEY_COUNT; key++) {
        bool usual = p->config.value[key] == PROG_CONFIG_DEFAULT.value[key];

        p->config.given |= (uint8_t)(usual ? 0 : 1u << key);
    }
    rename_results(p);
    for (size_t i = 0; i < p->ops.n; i++) {
        for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
            if (p->ops.v[i].arg[k].base == VALUE_FILE) {
                files = u64_max(files, p->ops.v[i].arg[k].ref + 1u);
            }
        }
    }
    p->files.n = u64_min(p->files.n, files);
}

/* FNV-1a. */
static uint64_t hash(const struct buf *b, enum minimise_change change)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) + change;

    for (size_t i = 0; i < b->len; i++) {
        h = (h ^ (uint8_t)b->data[i]) * UINT64_C(0x100000001b3);
    }
    return h ? h : 1; /* 0 is an empty slot */
}

static size_t slot_of(const struct minimiser *m, uint64_t h)
{
    size_t i = h & (m->asked.cap - 1);

    while (m->asked.v[i] && m->asked.v[i] != h) {
        i = (i + 1) & (m->asked.cap - 1);
    }
    return i;
}

static int grow_asked(struct minimiser *m)
{
    size_t old_cap = m->asked.cap;
    uint64_t *old = m->asked.v;
    size_t cap = old_cap ? 2 * old_cap : 256;
    uint64_t *v = calloc(cap, sizeof(*v));

    if (!v) {
        return err_set(m->e, -ENOMEM, "out of memory");
    }
    m->asked.v = v;
    m->asked.cap = cap;
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i]) {
            v[slot_of(m, old[i])] = old[i];
        }
    }
    free(old);
    return 0;
}

/* Whether the candidate is one that was not asked for before; it is noted. */
static bool is_new(struct minimiser *m, enum minimise_change change)
{
    uint64_t h;
    size_t i;

    buf_clear(&m->bytes);
    prog_encode(&m->trial, &m->bytes);
    if (buf_failed(&m->bytes)) {
        m->rc = err_set(m->e, -ENOMEM, "out of memory");
        return false;
    }
    if (2 * (m->asked.n + 1) > m->asked.cap && (m->rc = grow_asked(m)) < 0) {
        return false;
    }
    h = hash(&m->bytes, change);
    i = slot_of(m, h);
    if (m->asked.v[i]) {
        return false;
    }
    m->asked.v[i] = h;
    m->asked.n++;
    return true;
}

/* Enough runs of the candidate fail in the same way. */
static bool vote(struct minimiser *m, enum minimise_change change)
{
    unsigned runs = m->o->runs ? m->o->runs : 1;
    unsigned needed = m->o->needed ? m->o->needed : 1;
    unsigned hits = 0;

    for (unsigned left = runs; left > 0 && hits + left >= needed; left--) {
        if (m->stats->executed >= m->budget) {
            m->stats->exhausted = true;
            return false;
        }
        m->stats->executed++;
        m->rc = m->o->pred.same(m->o->pred.arg, &m->trial, change, m->e);
        if (m->rc < 0) {
            return false;
        }
        hits += m->rc > 0;
        if (hits >= needed) {
            return true;
        }
    }
    return false;
}

static bool ask(struct minimiser *m, enum minimise_change change)
{
    struct prog p;

    if (m->rc < 0 || m->stats->exhausted) {
        return false;
    }
    prog_fixup(&m->trial);
    minimise_tidy(&m->trial);
    assert(prog_check(&m->trial, NULL) == 0);
    if (m->trial.ops.n == 0 || prog_equal(&m->trial, &m->best) || !is_new(m, change) ||
        !vote(m, change)) {
        return false;
    }
    p = m->best;
    m->best = m->trial;
    m->trial = p;
    m->changed = true;
    if (change) {
        /* What failed in another way may be the same now. */
        memset(m->asked.v, 0, m->asked.cap * sizeof(*m->asked.v));
        m->asked.n = 0;
    }
    if (m->o->pred.taken) {
        m->o->pred.taken(m->o->pred.arg, &m->best);
    }
    return true;
}

bool minimise_ask(struct minimiser *m)
{
    return ask(m, MINIMISE_NOTHING);
}

bool minimise_ask_after(struct minimiser *m, enum minimise_change change)
{
    return ask(m, change);
}

static uint64_t usual_budget(const struct minimise_options *o, size_t n_ops)
{
    uint64_t more = n_ops > USUAL_OPS ? (n_ops - USUAL_OPS) * BUDGET_PER_OP : 0;

    return (USUAL_BUDGET + more) * (o->runs ? o->runs : 1);
}

/* Costly passes come when the program is small, and what they bring makes the others try again. */
static void run_passes(struct minimiser *m)
{
    static void (*const passes[])(struct minimiser * m) = {
        minimise_names,  minimise_cut,    minimise_forks,   minimise_unrelated,  minimise_drop,
        minimise_config, minimise_placed, minimise_squeeze, minimise_args,       minimise_ops,
        minimise_merge,  minimise_files,  minimise_order,   minimise_conditions,
    };

    m->changed = true;
    for (unsigned round = 0; m->changed && round < ROUNDS_MAX; round++) {
        m->changed = false;
        for (size_t i = 0; i < ARRAY_LEN(passes); i++) {
            passes[i](m);
        }
    }
}

int minimise(struct prog *p, const struct minimise_options *o, struct minimise_stats *ret,
             struct err *e)
{
    struct minimiser m = {.o = o, .stats = ret, .e = e, .best = PROG_INIT, .trial = PROG_INIT};
    struct prog old;

    *ret = (struct minimise_stats){.ops_before = p->ops.n, .ops_after = p->ops.n};
    m.budget = o->budget ? o->budget : usual_budget(o, p->ops.n);
    prog_fixup(p);
    if (prog_copy(&m.best, p) < 0 || prog_copy(&m.trial, p) < 0) {
        m.rc = err_set(e, -ENOMEM, "out of memory");
    } else {
        minimise_tidy(&m.best);
        run_passes(&m);
        old = *p;
        *p = m.best;
        m.best = old;
        ret->ops_after = p->ops.n;
    }
    free(m.asked.v);
    buf_free(&m.bytes);
    prog_free(&m.best);
    prog_free(&m.trial);
    return m.rc < 0 ? m.rc : 0;
}
