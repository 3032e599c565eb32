/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/vm's core against arrays with one entry per page: two processes that fork apart, two files,
 * shared memory; areas made, cut, moved, changed; stores, truncations, copies. After every step all
 * that is mapped, its bytes at a few places of each page, the gaps and vm_check are compared. The
 * arrays share nothing and copy at once, so copy-on-write and sharing of frames are not in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "../unit/vm_stub.h"

enum { PAGES = 128, CELLS = 4, FILES = 2, OBJECTS = 64, OBJECT_PAGES = 16, STEPS = 400 };

/* A page of bytes, looked at in CELLS places. */
struct cells {
    uint8_t v[CELLS];
};

struct naive_object {
    bool file;
    bool used;
    uint64_t size;
    struct cells page[OBJECT_PAGES];
};

struct naive_page {
    bool mapped;
    uint8_t prot;
    bool shared;
    int object; /* index, -1: none */
    uint64_t index;
    bool own; /* has a private copy */
    enum vm_bytes state;
    struct cells copy;
};

struct naive_proc {
    struct vm_proc *p;
    struct naive_page page[PAGES];
};

struct world {
    struct vm_bed b;
    struct prng rng;
    struct naive_object object[OBJECTS];
    struct vm_object *real[OBJECTS]; /* anonymous ones, while a page shows them */
    int fd[FILES];
    struct naive_proc proc[2];
    bool child;
    bool keeps; /* private copies outlive truncation */
    bool merge;
};

static uint64_t cell_at(const struct world *w, unsigned cell)
{
    const uint64_t places[CELLS] = {0, 100, w->b.page / 2, w->b.page - 1};

    return places[cell];
}

static uint8_t fresh(unsigned file, uint64_t offset)
{
    return (uint8_t)((offset * 7 + file) % 250 + 1);
}

static void fill(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    (void)arg;
    for (size_t i = 0; i < len; i++) {
        ((uint8_t *)buf)[i] = fresh(index, offset + i);
    }
}

static void open_files(struct world *w)
{
    for (unsigned i = 0; i < FILES; i++) {
        struct naive_object *o = &w->object[i];
        struct vm_file_spec spec = {
            .size = prng_below(&w->rng, OBJECT_PAGES * w->b.page),
            .readable = true,
            .writable = true,
            .fill = i ? fill : NULL,
            .index = i,
        };

        w->fd[i] = vm_file_open(w->b.vm, &spec);
        assert_true(w->fd[i] >= 0);
        *o = (struct naive_object){.file = true, .used = true, .size = spec.size};
        for (uint64_t c = 0; c < OBJECT_PAGES * CELLS; c++) {
            uint64_t at = c / CELLS * w->b.page + cell_at(w, c % CELLS);

            o->page[c / CELLS].v[c % CELLS] = i && at < spec.size ? fresh(i, at) : 0;
        }
    }
}

static void begin(struct world *w, uint64_t seed)
{
    static const uint64_t pages[] = {4096, 16384, 65536};
    struct vm *vm = w->b.vm;

    memset(w, 0, sizeof(*w));
    w->b.vm = vm;
    prng_seed(&w->rng, seed);
    w->keeps = prng_chance(&w->rng, 1, 2);
    w->merge = prng_chance(&w->rng, 1, 2);
    vm_bed_begin(&w->b, w->keeps ? ABI_FREEBSD : ABI_LINUX, pages[prng_below(&w->rng, 3)],
                 w->merge);
    w->proc[0].p = w->b.p;
    open_files(w);
}

/* What the naive page shows, or NULL past the end of a file. */
static struct cells *shown(struct world *w, struct naive_page *n)
{
    static struct cells zero;
    struct naive_object *o;

    if (n->own) {
        return &n->copy;
    }
    if (n->object < 0) {
        zero = (struct cells){0};
        return &zero;
    }
    o = &w->object[n->object];
    return n->index < OBJECT_PAGES && (!o->file || n->index * w->b.page < o->size)
               ? &o->page[n->index]
               : NULL;
}

static void pick(struct world *w, uint64_t *first, uint64_t *n)
{
    *first = prng_below(&w->rng, PAGES);
    *n = 1 + prng_below(&w->rng, u64_min(PAGES - *first, prng_chance(&w->rng, 1, 6) ? PAGES : 6));
}

static struct naive_proc *pick_proc(struct world *w)
{
    return &w->proc[w->child && prng_chance(&w->rng, 1, 2)];
}

static void reserve(struct world *w)
{
    assert_int_equal(vm_reserve(w->b.vm, 2 * PAGES, PAGES), 0);
}

/* A slot for an anonymous object that no page shows any more. */
static int new_object(struct world *w)
{
    for (int i = FILES; i < OBJECTS; i++) {
        bool used = false;

        for (unsigned k = 0; k < 2 * PAGES; k++) {
            struct naive_page *n = &w->proc[k / PAGES].page[k % PAGES];

            used |= n->mapped && n->object == i;
        }
        if (!used) {
            w->object[i] = (struct naive_object){.used = true, .size = UINT64_MAX};
            w->real[i] = vm_object_anon(w->b.vm);
            assert_non_null(w->real[i]);
            return i;
        }
    }
    return -1;
}

static void op_remove(struct world *w)
{
    struct naive_proc *q = pick_proc(w);
    uint64_t first;
    uint64_t n;

    pick(w, &first, &n);
    vm_area_remove(q->p, vm_bed_pages(&w->b, first, n));
    memset(&q->page[first], 0, n * sizeof(q->page[0]));
}

static void op_insert(struct world *w)
{
    struct naive_proc *q = pick_proc(w);
    unsigned kind = (unsigned)prng_below(&w->rng, 5);
    struct vm_area_attr a = vm_bed_anon();
    struct naive_page page = {.mapped = true, .object = -1, .state = VM_BYTES_KNOWN};
    uint64_t first;
    uint64_t n;

    pick(w, &first, &n);
    if (kind >= 3) {
        page.object = (int)prng_below(&w->rng, FILES);
        page.index = prng_below(&w->rng, 8);
        page.shared = kind == 4;
        a = vm_bed_file(&w->b, w->fd[page.object], page.index, page.shared);
    } else if (kind == 2) {
        page.object = new_object(w);
        n = u64_min(n, OBJECT_PAGES);
        if (page.object < 0) {
            return;
        }
        page.shared = true;
        a.object = w->real[page.object];
        a.shared = true;
        a.inherit = VM_INHERIT_SHARE;
    }
    a.prot = page.prot = prng_chance(&w->rng, 1, 4) ? 1 : 3;
    vm_area_remove(q->p, vm_bed_pages(&w->b, first, n));
    vm_area_insert(q->p, vm_bed_pages(&w->b, first, n), &a);
    for (uint64_t i = 0; i < n; i++, page.index += page.object >= 0) {
        q->page[first + i] = page;
    }
    if (kind == 2) {
        vm_object_put(a.object);
    }
}

static void set_prot(struct vm_area *a, void *arg)
{
    a->a.prot = *(uint8_t *)arg;
}

static void op_change(struct world *w)
{
    struct naive_proc *q = pick_proc(w);
    uint8_t prot = prng_chance(&w->rng, 1, 2) ? 1 : 3;
    uint64_t first;
    uint64_t n;

    pick(w, &first, &n);
    vm_area_change(q->p, vm_bed_pages(&w->b, first, n), set_prot, &prot);
    for (uint64_t i = first; i < first + n; i++) {
        q->page[i].prot = q->page[i].mapped ? prot : 0;
    }
}

static void op_move(struct world *w)
{
    struct naive_proc *q = pick_proc(w);
    struct naive_page moved[PAGES];
    uint64_t first;
    uint64_t to;
    uint64_t n;

    pick(w, &first, &n);
    n = u64_min(n, 8);
    to = prng_below(&w->rng, PAGES - n + 1);
    if (to + n > first && first + n > to) {
        return;
    }
    vm_area_remove(q->p, vm_bed_pages(&w->b, to, n));
    vm_area_move(q->p, vm_bed_at(&w->b, first), n * w->b.page, vm_bed_at(&w->b, to));
    memcpy(moved, &q->page[first], n * sizeof(moved[0]));
    memset(&q->page[first], 0, n * sizeof(moved[0]));
    memcpy(&q->page[to], moved, n * sizeof(moved[0]));
}

static void op_split(struct world *w)
{
    struct naive_proc *q = pick_proc(w);

    if (!w->merge) {
        vm_area_split(q->p, vm_bed_at(&w->b, prng_below(&w->rng, PAGES)));
    }
}

static void op_store(struct world *w)
{
    struct naive_proc *q = pick_proc(w);
    uint64_t at = prng_below(&w->rng, PAGES);
    unsigned cell = (unsigned)prng_below(&w->rng, CELLS);
    uint8_t byte = (uint8_t)prng_u64(&w->rng);
    bool whole = prng_chance(&w->rng, 1, 4);
    struct naive_page *n = &q->page[at];
    struct cells *to = n->mapped ? shown(w, n) : NULL;
    bool may = to && (n->prot & 2);
    uint8_t *buf = malloc(w->b.page);
    int err;

    assert_non_null(buf);
    memset(buf, byte, w->b.page);
    err = whole ? vm_store(q->p, vm_bed_at(&w->b, at), buf, w->b.page, NULL)
                : vm_store(q->p, vm_bed_at(&w->b, at) + cell_at(w, cell), buf, 1, NULL);
    free(buf);
    assert_int_equal(err, may ? 0 : -EFAULT);
    if (!may) {
        return;
    }
    if (!n->shared && !n->own) {
        n->copy = *to;
        n->own = true;
        n->state = VM_BYTES_KNOWN;
        to = &n->copy;
    }
    if (whole) {
        memset(to->v, byte, CELLS);
        n->state = VM_BYTES_KNOWN;
    } else {
        to->v[cell] = byte;
        n->state = n->state == VM_BYTES_LAZY ? VM_BYTES_UNDEFINED : n->state;
    }
}

static void op_drop(struct world *w)
{
    struct naive_proc *q = pick_proc(w);
    uint64_t first;
    uint64_t n;

    pick(w, &first, &n);
    vm_pages_drop(q->p, vm_bed_pages(&w->b, first, n));
    for (uint64_t i = first; i < first + n; i++) {
        q->page[i].own = false;
        q->page[i].state = VM_BYTES_KNOWN;
    }
}

/* Only while no page is shown twice: a forked page is left alone. */
static void op_lazy(struct world *w)
{
    struct naive_proc *q = &w->proc[0];
    uint64_t first;
    uint64_t n;

    pick(w, &first, &n);
    if (w->child) {
        return;
    }
    vm_pages_lazy(q->p, vm_bed_pages(&w->b, first, n));
    for (uint64_t i = first; i < first + n; i++) {
        if (q->page[i].own && q->page[i].state == VM_BYTES_KNOWN) {
            q->page[i].state = VM_BYTES_LAZY;
        }
    }
}

static void op_fork(struct world *w)
{
    if (w->child) {
        vm_exit(w->proc[1].p);
        memset(&w->proc[1], 0, sizeof(w->proc[1]));
    } else {
        struct vm_proc *child;

        assert_int_equal(vm_fork(w->proc[0].p, &child), 0);
        w->proc[1] = w->proc[0];
        w->proc[1].p = child;
    }
    w->child = !w->child;
}

/* Bytes of O from FROM to the end of that page, or to its end if LAST, are zero. */
static void zero_from(struct world *w, struct naive_object *o, uint64_t from, bool all)
{
    for (uint64_t c = 0; c < OBJECT_PAGES * CELLS; c++) {
        uint64_t page = c / CELLS;

        if (page * w->b.page + cell_at(w, c % CELLS) >= from && (all || page == from / w->b.page)) {
            o->page[page].v[c % CELLS] = 0;
        }
    }
}

static void resize(struct world *w, unsigned file, uint64_t size)
{
    struct naive_object *o = &w->object[file];
    uint64_t from = (size + w->b.page - 1) / w->b.page;

    if (size > o->size) {
        zero_from(w, o, o->size, false);
    } else {
        zero_from(w, o, size, true);
        for (unsigned k = 0; !w->keeps && k < 2 * PAGES; k++) {
            struct naive_page *n = &w->proc[k / PAGES].page[k % PAGES];

            if (n->mapped && n->object == (int)file && !n->shared && n->index >= from) {
                n->own = false;
                n->state = VM_BYTES_KNOWN;
            }
        }
    }
    o->size = size;
}

static void op_truncate(struct world *w)
{
    unsigned file = (unsigned)prng_below(&w->rng, FILES);
    uint64_t size = prng_below(&w->rng, OBJECT_PAGES * w->b.page);

    if (prng_chance(&w->rng, 1, 2)) {
        size = u64_align_down(size, w->b.page);
    }
    assert_int_equal(vm_file_truncate(w->b.vm, w->fd[file], size), 0);
    if (size != w->object[file].size) {
        resize(w, file, size);
    }
}

static void op_write(struct world *w)
{
    unsigned file = (unsigned)prng_below(&w->rng, FILES);
    struct naive_object *o = &w->object[file];
    uint64_t page = prng_below(&w->rng, OBJECT_PAGES);
    unsigned cell = (unsigned)prng_below(&w->rng, CELLS);
    uint64_t at = page * w->b.page + cell_at(w, cell);
    uint8_t byte = (uint8_t)prng_u64(&w->rng);

    assert_int_equal(vm_file_write(w->b.vm, w->fd[file], &byte, 1, at), 1);
    if (at + 1 > o->size) {
        resize(w, file, at + 1);
    }
    o->page[page].v[cell] = byte;
    byte = (uint8_t)~byte;
    assert_int_equal(vm_file_read(w->b.vm, w->fd[file], &byte, 1, at), 1);
    assert_int_equal(byte, o->page[page].v[cell]);
}

static void op_punch(struct world *w)
{
    struct naive_proc *q = pick_proc(w);
    uint64_t first;
    uint64_t n;

    pick(w, &first, &n);
    vm_pages_punch(q->p, vm_bed_pages(&w->b, first, n));
    for (uint64_t i = first; i < first + n; i++) {
        if (q->page[i].mapped && q->page[i].object >= 0 && q->page[i].index < OBJECT_PAGES) {
            w->object[q->page[i].object].page[q->page[i].index] = (struct cells){0};
        }
    }
}

/* The lowest or highest room as a naive search sees it; PAGES if there is none. */
static uint64_t naive_gap(const struct naive_proc *q, uint64_t lo, uint64_t hi, uint64_t len,
                          uint64_t align, bool top)
{
    uint64_t found = PAGES;

    for (uint64_t at = lo; at + len <= hi + 1; at++) {
        bool room = at % align == 0; /* STUB_BASE is a multiple of all */

        for (uint64_t i = 0; room && i < len; i++) {
            room = !q->page[at + i].mapped;
        }
        if (room && (top || found == PAGES)) {
            found = at;
        }
    }
    return found;
}

static void op_gap(struct world *w)
{
    struct naive_proc *q = pick_proc(w);
    uint64_t align = UINT64_C(1) << prng_below(&w->rng, 3);
    uint64_t len = 1 + prng_below(&w->rng, 8);
    bool top = prng_chance(&w->rng, 1, 2);
    uint64_t ret = 0;
    uint64_t want;
    uint64_t lo;
    uint64_t n;
    bool found;

    pick(w, &lo, &n);
    want = naive_gap(q, lo, lo + n - 1, len, align, top);
    found = vm_gap_find(q->p, vm_bed_pages(&w->b, lo, n), len * w->b.page, align * w->b.page, top,
                        &ret);
    assert_int_equal(found, want != PAGES);
    if (found) {
        assert_int_equal(ret, vm_bed_at(&w->b, want));
    }
}

static bool one_area(const struct naive_page *x, const struct naive_page *y)
{
    return x->mapped && y->mapped && x->prot == y->prot && x->shared == y->shared &&
           x->object == y->object && (x->object < 0 || x->index + 1 == y->index);
}

static void compare_page(struct world *w, struct naive_proc *q, uint64_t i)
{
    struct naive_page *n = &q->page[i];
    struct vm_area *a = vm_area_find(q->p, vm_bed_at(&w->b, i));
    const struct cells *want = n->mapped ? shown(w, n) : NULL;
    const uint8_t *bytes = NULL;
    enum vm_bytes state;
    size_t len;

    assert_int_equal(a != NULL, n->mapped);
    state = vm_view(q->p, vm_bed_at(&w->b, i), &bytes, &len);
    if (!want) {
        assert_int_equal(state, VM_BYTES_NONE);
        return;
    }
    assert_int_equal(a->a.prot, n->prot);
    assert_int_equal(a->a.shared, n->shared);
    assert_int_equal(vm_private_copy(q->p, vm_bed_at(&w->b, i)), n->own);
    assert_int_equal(state, n->own ? n->state : VM_BYTES_KNOWN);
    for (unsigned c = 0; c < CELLS; c++) {
        assert_int_equal(bytes[cell_at(w, c)], want->v[c]);
    }
}

static void compare(struct world *w)
{
    for (unsigned k = 0; k < 1u + w->child; k++) {
        struct naive_proc *q = &w->proc[k];
        const char *bad = vm_check(q->p);
        size_t areas = 0;
        size_t mapped = 0;

        if (bad) {
            fail_msg("%s", bad);
        }
        for (uint64_t i = 0; i < PAGES; i++) {
            compare_page(w, q, i);
            mapped += q->page[i].mapped;
            areas += q->page[i].mapped && !(i && one_area(&q->page[i - 1], &q->page[i]));
        }
        assert_int_equal(vm_mapped_bytes(q->p), mapped * w->b.page);
        if (w->merge) {
            assert_int_equal(vm_areas(q->p), areas);
        } else {
            assert_true(vm_areas(q->p) >= areas);
        }
    }
}

static void run(struct world *w, uint64_t seed)
{
    static void (*const ops[])(struct world * w) = {
        op_insert, op_insert, op_insert,   op_remove, op_change, op_change, op_move,
        op_split,  op_store,  op_store,    op_store,  op_store,  op_drop,   op_lazy,
        op_fork,   op_write,  op_truncate, op_punch,  op_gap,    op_gap,
    };

    begin(w, seed);
    for (unsigned i = 0; i < STEPS; i++) {
        reserve(w);
        ops[prng_below(&w->rng, ARRAY_LEN(ops))](w);
        compare(w);
    }
}

static void test_core_is_what_arrays_are(void **state)
{
    const char *given = getenv("TWINMAP_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 20240615;
    struct world *w = calloc(1, sizeof(*w));

    (void)state;
    assert_non_null(w);
    w->b.vm = vm_new();
    assert_non_null(w->b.vm);
    for (unsigned i = 0; i < 150; i++) {
        print_message("# arrays: TWINMAP_TEST_SEED=%llu\n", (unsigned long long)(seed + i));
        run(w, seed + i);
    }
    vm_free(w->b.vm);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_core_is_what_arrays_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
