/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The head of a program: configuration, conditions, files; and what ops expect. */
#include "minimise_int.h"

static void set_key(struct prog *p, enum config_key key, uint64_t value)
{
    p->config.value[key] = value;
    p->config.given |= (uint8_t)(1u << key); /* tidying takes back what is the default */
}

/* X in pages of TO bytes where it was in pages of FROM bytes; what is no whole page stays so. */
static uint64_t scale(uint64_t x, uint64_t from, uint64_t to)
{
    uint64_t pages = x / from;

    return pages > UINT64_MAX / to / 2 ? x : pages * to + u64_min(x % from, to - 1);
}

/* The same program for another guest page: each address, length and size in its pages. */
static void scale_prog(struct prog *p, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        struct op *op = &p->ops.v[i];
        const struct op_desc *d = &op_descs[op->kind];

        for (unsigned k = 0; k < d->n_args; k++) {
            enum arg_kind kind = d->arg[k];
            bool back = op->arg[k].base == VALUE_RESULT && op->arg[k].num > INT64_MAX;

            if (back) {
                op->arg[k].num = 0 - scale(0 - op->arg[k].num, from, to);
            } else if (kind == ARG_ADDR || kind == ARG_ADDR_OPT || kind == ARG_LEN ||
                       kind == ARG_ACCESS || kind == ARG_OFFSET) {
                op->arg[k].num = scale(op->arg[k].num, from, to);
            }
        }
        if (op->expect.kind == EXPECT_VALUE && op_descs[op->kind].result == OP_RESULT_ADDR) {
            op->expect.value.num = scale(op->expect.value.num, from, to);
        }
    }
    for (size_t i = 0; i < p->files.n; i++) {
        p->files.v[i].size = scale(p->files.v[i].size, from, to);
    }
}

static bool ask_pages(struct minimiser *m, uint64_t guest, uint64_t host, bool scaled)
{
    uint64_t old = minimise_page(&m->best);
    struct prog *p = minimise_trial(m);

    set_key(p, CONFIG_GUEST_PAGE, guest);
    set_key(p, CONFIG_HOST_PAGE, host);
    if (scaled) {
        scale_prog(p, old, guest);
    }
    return config_check(&p->config, NULL) == 0 && minimise_ask_after(m, MINIMISE_PAGES);
}

/* Page sizes from the simplest: the smallest ratio, then the smallest pages, then h_gt_g. */
static const struct {
    uint64_t guest, host;
} pages[] = {
    {4096, 4096},  {16384, 16384}, {65536, 65536}, {8192, 16384}, {8192, 4096},  {4096, 16384},
    {16384, 4096}, {16384, 65536}, {65536, 16384}, {8192, 65536}, {4096, 65536}, {65536, 4096},
};

static void smaller_pages(struct minimiser *m)
{
    uint64_t guest = m->best.config.value[CONFIG_GUEST_PAGE];
    uint64_t host = m->best.config.value[CONFIG_HOST_PAGE];

    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        if (pages[i].guest == guest && pages[i].host == host) {
            return;
        }
        if (pages[i].guest < guest && ask_pages(m, pages[i].guest, pages[i].host, false)) {
            return;
        }
        if (ask_pages(m, pages[i].guest, pages[i].host, pages[i].guest != guest)) {
            return;
        }
    }
}

static void usual_value(struct minimiser *m, enum config_key key)
{
    set_key(minimise_trial(m), key, PROG_CONFIG_DEFAULT.value[key]);
    minimise_ask(m);
}

/* P as far as it fits a window of SIZE bytes: what lies behind goes, what reaches out is cut. */
static void clip(struct prog *p, uint64_t size)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->ops.n; i++) {
        struct minimise_span s[MINIMISE_SPANS_MAX];
        unsigned n = minimise_spans(&p->ops.v[i], s);
        bool keep = true;

        for (unsigned k = 0; k < n; k++) {
            if (s[k].space.base == VALUE_WINDOW && s[k].start >= size) {
                keep = false;
            } else if (s[k].space.base == VALUE_WINDOW && s[k].len > size - s[k].start) {
                p->ops.v[i].arg[s[k].arg].num = size - s[k].start;
            }
        }
        if (keep) {
            p->ops.v[kept++] = p->ops.v[i];
        }
    }
    p->ops.n = kept;
}

/* A window is needed: a small one, with what fits it, else a usual size. */
static void smaller_window(struct minimiser *m)
{
    static const uint64_t sizes[] = {0x20000, 0x40000, 0x100000, 0x1000000, 0x10000000};

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct prog *p = minimise_trial(m);

        if (m->best.config.value[CONFIG_RESERVED] <= sizes[i]) {
            return;
        }
        set_key(p, CONFIG_RESERVED, sizes[i]);
        clip(p, sizes[i]);
        if (config_check(&p->config, NULL) == 0 && minimise_ask(m)) {
            return;
        }
    }
}

void minimise_config(struct minimiser *m)
{
    smaller_pages(m);
    minimise_trial(m);
    for (unsigned key = CONFIG_BITS; key < CONFIG_KEY_COUNT; key++) {
        set_key(&m->trial, (enum config_key)key, PROG_CONFIG_DEFAULT.value[key]);
    }
    if (!minimise_ask(m)) {
        for (unsigned key = CONFIG_BITS; key < CONFIG_KEY_COUNT; key++) {
            usual_value(m, (enum config_key)key);
        }
    }
    smaller_window(m);
}

static void drop_requires(struct minimiser *m)
{
    minimise_trial(m)->requires.n = 0;
    if (minimise_ask(m)) {
        return;
    }
    for (size_t i = m->best.requires.n; i > 0; i--) {
        struct prog *p = minimise_trial(m);

        p->requires.v[i - 1] = p->requires.v[p->requires.n - 1];
        p->requires.n--;
        minimise_ask(m);
    }
}

static const struct expect expect_nothing = {.kind = EXPECT_NONE};

/* "= -1 ERRNO" as "= -1", a value as "= ok". */
static void expect_less(struct minimiser *m, size_t at)
{
    struct expect *x = &minimise_trial(m)->ops.v[at].expect;

    if (x->kind == EXPECT_VALUE) {
        *x = (struct expect){.kind = EXPECT_OK};
    } else if (x->kind == EXPECT_ERRNO) {
        *x = (struct expect){.kind = EXPECT_FAIL};
    }
    minimise_ask(m);
}

static void drop_expectations(struct minimiser *m)
{
    prog_drop_expectations(minimise_trial(m));
    if (minimise_ask(m)) {
        return;
    }
    /* Mostly the last op's is the one that fails. */
    prog_drop_expectations(minimise_trial(m));
    m->trial.ops.v[m->trial.ops.n - 1].expect = m->best.ops.v[m->best.ops.n - 1].expect;
    minimise_ask(m);
    for (size_t i = 0; i < m->best.ops.n; i++) {
        if (m->best.ops.v[i].expect.kind == EXPECT_NONE) {
            continue;
        }
        minimise_trial(m)->ops.v[i].expect = expect_nothing;
        if (!minimise_ask(m)) {
            expect_less(m, i);
        }
    }
}

void minimise_conditions(struct minimiser *m)
{
    drop_requires(m);
    drop_expectations(m);
}

/* File AT has no users: those behind it get its number and with it other bytes. */
static void drop_file(struct minimiser *m, size_t at)
{
    struct prog *p = minimise_trial(m);

    for (size_t i = 0; i < p->ops.n; i++) {
        for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
            struct value *v = &p->ops.v[i].arg[k];

            if (v->base == VALUE_FILE && v->ref == at) {
                return;
            }
            v->ref -= v->base == VALUE_FILE && v->ref > at;
        }
    }
    for (size_t i = at; i + 1 < p->files.n; i++) {
        p->files.v[i] = p->files.v[i + 1];
    }
    p->files.n--;
    minimise_ask(m);
}

/* File B as file A, so that there is one less. */
static void merge_files(struct minimiser *m, uint16_t a, uint16_t b)
{
    struct prog *p = minimise_trial(m);

    for (size_t i = 0; i < p->ops.n; i++) {
        for (unsigned k = 0; k < OP_ARGS_MAX; k++) {
            struct value *v = &p->ops.v[i].arg[k];

            v->ref = v->base == VALUE_FILE && v->ref == b ? a : v->ref;
        }
    }
    minimise_ask(m);
}

static bool maps_file(const struct op *op, size_t at)
{
    return op->kind == OP_mmap && op->arg[4].base == VALUE_FILE && op->arg[4].ref == at;
}

/* The first BY bytes of file AT go, and all maps of it with them. */
static bool ask_beheaded(struct minimiser *m, size_t at, uint64_t by)
{
    struct prog *p = minimise_trial(m);

    p->files.v[at].size -= by;
    for (size_t i = 0; i < p->ops.n; i++) {
        p->ops.v[i].arg[5].num -= maps_file(&p->ops.v[i], at) ? by : 0;
    }
    return minimise_ask(m);
}

/* What comes before the first mapped page of file AT is of no use. */
static void behead_file(struct minimiser *m, size_t at)
{
    uint64_t page = minimise_page(&m->best);
    uint64_t head = u64_align_down(m->best.files.v[at].size, page);

    for (size_t i = 0; i < m->best.ops.n; i++) {
        const struct op *op = &m->best.ops.v[i];

        head = maps_file(op, at) ? u64_min(head, u64_align_down(op->arg[5].num, page)) : head;
    }
    if (head > 0 && !ask_beheaded(m, at, head) && head > page) {
        ask_beheaded(m, at, head - page); /* a page of it is */
    }
}

static bool ask_size(struct minimiser *m, size_t at, uint64_t size)
{
    minimise_trial(m)->files.v[at].size = size;
    return minimise_ask(m);
}

/* A page, no more than a byte, none; else by bisecting, in pages, then in bytes. */
static void smaller_file(struct minimiser *m, size_t at)
{
    uint64_t page = minimise_page(&m->best);
    uint64_t size = m->best.files.v[at].size;
    uint64_t low = 0;

    if (size == page || ask_size(m, at, page) || size == 1 || ask_size(m, at, 1) || size == 0 ||
        ask_size(m, at, 0)) {
        return;
    }
    for (uint64_t unit = page; unit > 0; unit = unit == page ? 1 : 0) {
        while (size / unit > low / unit + 1) {
            uint64_t mid = (low / unit + (size / unit - low / unit) / 2) * unit;

            if (ask_size(m, at, mid)) {
                size = mid;
            } else {
                low = mid;
            }
        }
    }
}

void minimise_files(struct minimiser *m)
{
    for (size_t i = m->best.files.n; i > 0; i--) {
        drop_file(m, i - 1);
    }
    for (size_t i = m->best.files.n; i > 1; i--) {
        merge_files(m, 0, (uint16_t)(i - 1));
    }
    for (size_t i = 0; i < m->best.files.n; i++) {
        behead_file(m, i);
        smaller_file(m, i);
        minimise_trial(m)->files.v[i].open = PROG_RDWR;
        minimise_ask(m);
    }
}
