/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest does itself: stores, loads, running code. First every page of the access is asked
 * whether it would fault, so that an outcome that is not allowed leaves nothing behind.
 *
 * An access that leaves the address space is no access: SIGSEGV, and nothing has moved.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "model/model_int.h"

static const uint8_t zeros[MODEL_CHUNK];

const uint8_t *model_fill(struct model *m, uint8_t value, size_t len)
{
    if (m->n_fill == 0 || m->fill[0] != value) {
        m->n_fill = 0;
    }
    if (m->n_fill < len) {
        memset(m->fill + m->n_fill, value, len - m->n_fill);
        m->n_fill = len;
    }
    return m->fill;
}

/* The first page of R that faults, as an outcome; OK if there is none. */
static struct model_outcome probe(struct model *m, struct range r, bool write)
{
    struct vm_fault fault;

    for (uint64_t at = r.start;;) {
        struct range page = model_page_rest(m, r, at);

        if (!vm_accessible(model_proc(m), at, write, &fault)) {
            return (struct model_outcome){
                .kind = MODEL_SIGNAL, .has_at = true, .signal = fault.signal, .at = at};
        }
        if (page.last == r.last) {
            return (struct model_outcome){.kind = MODEL_OK};
        }
        at = page.last + 1;
    }
}

/*
 * What an access to LEN bytes at ADDR meets. True if there is something to move: R, up to the byte
 * that faults, for a stack grows before the right to touch it is asked.
 */
static bool meet(struct model *m, const struct op_args *args, bool write,
                 struct model_outcome *took, struct range *r)
{
    if (args->arg[1] == 0) {
        *took = (struct model_outcome){.kind = MODEL_OK};
        return false;
    }
    if (!model_range(m, args->arg[0], args->arg[1], r)) {
        *took = (struct model_outcome){.kind = MODEL_SIGNAL, .signal = SIGSEGV};
        return false;
    }
    *took = probe(m, *r, write);
    if (took->kind == MODEL_SIGNAL) {
        r->last = took->at;
    }
    return true;
}

static int store_bytes(struct model *m, struct range r, uint8_t value)
{
    const uint8_t *bytes = model_fill(m, value, u64_min(range_len(r), MODEL_CHUNK));

    for (uint64_t at = r.start;;) {
        size_t len = u64_min(r.last - at, MODEL_CHUNK - 1) + 1;
        int rc = vm_store(model_proc(m), at, bytes, len, NULL);

        if (rc < 0 || r.last - at == len - 1) {
            return rc == -EFAULT ? 0 : rc; /* growing a stack here took the room there */
        }
        at += len;
    }
}

int model_store(struct model *m, const struct op_args *args, const struct model_outcome *seen,
                struct model_verdict *ret)
{
    struct range r;
    bool any = meet(m, args, true, &ret->took, &r);

    ret->allowed = !seen || model_same(seen, &ret->took);
    if (!ret->allowed || !any) {
        return 0;
    }
    return store_bytes(m, r, (uint8_t)args->arg[2]);
}

/* What the bytes of a load are, page by page, beside what was seen of them. */
struct look {
    struct model_outcome took; /* the bytes as they are held */
    bool first;                /* no page yet */
    bool undefined;
    uint8_t value;       /* seen */
    bool begins;         /* the first byte may be VALUE */
    bool uniform;        /* all may be */
    bool differs;        /* one may be another */
    bool grows;          /* a page is yet to be made */
    const uint8_t *last; /* the block looked at last, which was uniform, and its length */
    size_t last_len;
};

static bool block_uniform(struct look *l, const uint8_t *b, size_t len)
{
    if (b == l->last && len <= l->last_len) {
        return true;
    }
    if (memcmp(b, b + 1, len - 1) != 0) {
        return false;
    }
    l->last = b;
    l->last_len = len;
    return true;
}

/* LEN bytes B that are KIND. */
static void look_at(struct look *l, enum vm_bytes kind, const uint8_t *b, size_t len)
{
    bool uniform = block_uniform(l, b, len);
    bool exactly = uniform && b[0] == l->value;
    bool zero = kind == VM_BYTES_LAZY && l->value == 0;
    bool unknown = kind == VM_BYTES_UNDEFINED;

    if (l->first) {
        l->took.value = b[0];
        l->begins = b[0] == l->value || zero || unknown;
    }
    l->took.mixed |= !uniform || b[0] != l->took.value;
    l->uniform &= exactly || zero || unknown;
    l->differs |= !exactly || unknown;
    l->differs |= kind == VM_BYTES_LAZY && l->value != 0 && (len > 1 || !l->first);
    l->undefined |= unknown;
    l->first = false;
}

/* The bytes of R, all of which can be read. */
static void look(struct model *m, struct range r, struct look *l)
{
    for (uint64_t at = r.start;;) {
        struct range page = model_page_rest(m, r, at);
        const uint8_t *bytes = NULL;
        size_t len = 0;
        enum vm_bytes kind = vm_view(model_proc(m), at, &bytes, &len);

        if (kind == VM_BYTES_NONE) { /* where a stack is yet to grow */
            kind = VM_BYTES_KNOWN;
            bytes = zeros;
            l->grows = true;
        }
        look_at(l, kind, bytes, range_len(page));
        if (page.last == r.last) {
            return;
        }
        at = page.last + 1;
    }
}

/* A read in a stack's room makes it grow. 0 or -ENOMEM. */
static int touch(struct model *m, struct range r)
{
    for (uint64_t at = r.start;;) {
        struct range page = model_page_rest(m, r, at);
        uint8_t byte;
        int rc = vm_load(model_proc(m), at, &byte, 1, NULL);

        if (rc == -ENOMEM) {
            return rc;
        }
        if (page.last == r.last) {
            return 0;
        }
        at = page.last + 1;
    }
}

int model_load(struct model *m, const struct op_args *args, const struct model_outcome *seen,
               struct model_verdict *ret)
{
    struct look l = {.first = true, .uniform = true, .value = seen ? (uint8_t)seen->value : 0};
    struct range r;

    bool any = meet(m, args, false, &ret->took, &r);

    if (!any || ret->took.kind == MODEL_SIGNAL) {
        ret->allowed = !seen || model_same(seen, &ret->took);
        return ret->allowed && any ? touch(m, r) : 0;
    }
    look(m, r, &l);
    ret->took = l.took;
    ret->undefined = l.undefined;
    if (seen) {
        ret->allowed = seen->kind == MODEL_OK && l.begins && (seen->mixed ? l.differs : l.uniform);
    }
    return ret->allowed && l.grows ? touch(m, r) : 0;
}

int model_exec(struct model *m, const struct op_args *args, const struct model_outcome *seen,
               struct model_verdict *ret)
{
    struct range r;
    int rc;

    ret->took = (struct model_outcome){.kind = MODEL_SIGNAL, .signal = SIGSEGV};
    if (model_range(m, args->arg[0], 1, &r)) {
        region_vec_clear(&m->have);
        rc = vm_regions(model_proc(m), range_widen(r, m->setup.page), &m->have);
        if (rc < 0) {
            return rc;
        }
        if (m->have.n > 0 && (m->have.v[0].prot & REGION_X)) {
            ret->took = (struct model_outcome){.kind = MODEL_OK};
        }
    }
    ret->allowed = !seen || model_same(seen, &ret->took);
    return 0;
}
