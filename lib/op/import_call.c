/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recorded munmap, mprotect, madvise, msync and mremap: addresses become results, one op per result
 * that a range covers.
 */
#include "op/import_impl.h"

#include <errno.h>

#include "base/vec.h"

int import_touch(struct import_ctx *x, struct range r)
{
    if (!x->im->scout) {
        return 0;
    }
    if (vec_reserve(&x->plan->touched, x->plan->touched.n + 1) < 0) {
        return import_oom(x->im);
    }
    x->plan->touched.v[x->plan->touched.n++] = range_widen(r, IMPORT_PAGE);
    return 0;
}

/*
 * OP's address, the log's so far, where the call failed: of use if the range lies in one result, or
 * if its arguments were wrong in themselves.
 */
static int emit_failed(struct import_ctx *x, struct op *op)
{
    uint64_t addr = op->arg[0].num;
    struct import_piece p = books_piece(&x->w->books, (struct range){addr, addr});
    struct range r;

    if (p.live && range_from_len(addr, op->arg[1].num, &r)) {
        p = books_piece(&x->w->books, r);
        p.live = p.r.last == r.last || log_word_is(x->c->errname, "EINVAL");
    }
    if (!p.live) {
        import_note(x, "left out, failed at an address of which nothing is known");
        return 0;
    }
    op->arg[0] = p.at;
    return import_emit(x, op);
}

static int emit_piece(struct import_ctx *x, const struct op *whole, struct range all,
                      const struct import_piece *p)
{
    struct op op = *whole;
    int r;

    op.arg[0] = p->at;
    if (p->r.start != all.start || p->r.last != all.last) {
        op.arg[1].num = range_len(p->r);
    }
    r = import_emit(x, &op);
    if (r == 0 && op.kind == OP_munmap && books_cut(&x->w->books, p->r) < 0) {
        r = import_oom(x->im);
    }
    return r;
}

/* A range op whose other arguments are settled. */
static int import_range(struct import_ctx *x, struct op *op)
{
    struct range all;
    struct range left;
    bool any = false;
    int r = 0;

    op->result = OP_NO_RESULT;
    if (x->c->failed) {
        return emit_failed(x, op);
    }
    if (!range_from_len(op->arg[0].num, op->arg[1].num, &all)) {
        return 0; /* nothing was asked for */
    }
    all = range_widen(all, IMPORT_PAGE);
    left = all;
    for (bool more = true; more && r == 0;) {
        struct import_piece p = books_piece(&x->w->books, left);

        if (p.live) {
            any = true;
            r = emit_piece(x, op, all, &p);
        } else if (op->kind != OP_munmap) {
            r = import_touch(x, p.r);
        }
        more = p.r.last < all.last;
        left.start = p.r.last + 1;
    }
    /* Holes may be unmapped, but a range of nothing but holes was memory nobody showed. */
    return r == 0 && !any ? import_touch(x, all) : r;
}

static int read_range(struct import_ctx *x, struct op *op, enum op_kind kind)
{
    int r = import_number(x, 0, &op->arg[0].num);

    op->kind = (uint8_t)kind;
    return r < 0 ? r : import_number(x, 1, &op->arg[1].num);
}

static int import_munmap(struct import_ctx *x)
{
    struct op op = {0};
    int r = read_range(x, &op, OP_munmap);

    return r < 0 ? r : import_range(x, &op);
}

static int import_mprotect(struct import_ctx *x)
{
    struct op op = {0};
    int r = read_range(x, &op, OP_mprotect);

    r = r < 0 ? r : import_flags(x, 2, abi_parse_prot_word, 0, "a protection", &op.arg[2].num);
    return r < 0 ? r : import_range(x, &op);
}

static int import_msync(struct import_ctx *x)
{
    struct op op = {0};
    int r = read_range(x, &op, OP_msync);

    r = r < 0 ? r
              : import_flags(x, 2, abi_parse_msync_word, ABI_MAP_RAW_SHIFT, "an msync flag",
                             &op.arg[2].num);
    return r < 0 ? r : import_range(x, &op);
}

static int import_madvise(struct import_ctx *x)
{
    struct op op = {0};
    int r = read_range(x, &op, OP_madvise);

    if (r < 0) {
        return r;
    }
    if (x->c->n_args > 2 &&
        !abi_parse_advice_word(x->c->arg[2].s, x->c->arg[2].len, &op.arg[2].num)) {
        import_note(x, "left out, an advice that programs have no name for");
        return 0;
    }
    return import_range(x, &op);
}

static int read_mremap(struct import_ctx *x, struct op *op)
{
    int r = read_range(x, op, OP_mremap);

    op->result = OP_NO_RESULT;
    r = r < 0 ? r : import_number(x, 2, &op->arg[2].num);
    r = r < 0 ? r : import_flags(x, 3, abi_parse_mremap_word, 0, "an mremap flag", &op->arg[3].num);
    if (r == 0 && (op->arg[3].num & (ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP)) &&
        x->c->n_args > 4) {
        r = import_number(x, 4, &op->arg[4].num);
    }
    return r;
}

static int touch_holes(struct import_ctx *x, struct range r)
{
    int ret = 0;

    for (bool more = true; more && ret == 0;) {
        struct import_piece p = books_piece(&x->w->books, r);

        ret = p.live ? 0 : import_touch(x, p.r);
        more = p.r.last < r.last;
        r.start = p.r.last + 1;
    }
    return ret;
}

/*
 * The old range leaves the books when the call begins: from then on other threads may be given its
 * addresses.
 */
static int start_mremap(struct import_ctx *x)
{
    struct op op = {0};
    struct import_pending pending = {.call = x->call};
    struct import_piece p;
    struct range r;
    int ret = read_mremap(x, &op);

    if (ret < 0 || x->c->failed) {
        return ret;
    }
    if (!range_from_len(op.arg[0].num, u64_max(op.arg[1].num, 1), &r)) {
        return log_refuse(&x->im->log, x->c, x->c->arg[1], "a length that can succeed", x->im->e);
    }
    r = range_widen(r, IMPORT_PAGE);
    p = books_piece(&x->w->books, r);
    pending.live = p.live && p.r.last == r.last;
    pending.at = p.at;
    ret = touch_holes(x, r);
    if (ret == 0 && op.arg[1].num > 0 && !(op.arg[3].num & ABI_MREMAP_DONTUNMAP) &&
        books_cut(&x->w->books, r) < 0) {
        ret = import_oom(x->im);
    }
    if (ret == 0 && vec_reserve(&x->im->pending, x->im->pending.n + 1) < 0) {
        ret = import_oom(x->im);
    }
    if (ret == 0) {
        x->im->pending.v[x->im->pending.n++] = pending;
    }
    return ret;
}

/* The destination of MREMAP_FIXED, if it is all in one result; else the kernel may choose. */
static void settle_destination(struct import_ctx *x, struct op *op)
{
    struct import_piece p;
    struct range r;

    if (!(op->arg[3].num & ABI_MREMAP_FIXED)) {
        op->arg[4] = (struct value){0};
        return;
    }
    if (range_from_len(op->arg[4].num, op->arg[2].num, &r)) {
        p = books_piece(&x->w->books, r);
        if (p.live && p.r.last == r.last) {
            op->arg[4] = p.at;
            return;
        }
    }
    import_note(x, "moved anywhere, its fixed address belonged to nothing known");
    op->arg[3].num &= ~(uint64_t)ABI_MREMAP_FIXED;
    op->arg[4] = (struct value){0};
}

/* Memory from several results cannot move as one: new memory stands for what came of it. */
static int replace_mremap(struct import_ctx *x, uint64_t len, struct range r)
{
    struct op op = {.kind = OP_mmap};

    import_note(x, "new memory for what was moved from several maps at once");
    op.arg[1].num = len;
    op.arg[2].num = ABI_PROT_READ | ABI_PROT_WRITE;
    op.arg[3].num = ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS;
    op.arg[4] = (struct value){VALUE_NUM, 0, UINT64_MAX};
    return import_emit_placed(x, &op, r);
}

static int finish_mremap(struct import_ctx *x)
{
    struct import_pending pending = {0};
    struct op op = {0};
    struct range r;
    int ret = read_mremap(x, &op);

    if (ret < 0) {
        return ret;
    }
    settle_destination(x, &op);
    if (x->c->failed) {
        return emit_failed(x, &op);
    }
    for (size_t i = 0; i < x->im->pending.n; i++) {
        if (x->im->pending.v[i].call == x->call) {
            pending = x->im->pending.v[i];
            x->im->pending.v[i] = x->im->pending.v[--x->im->pending.n];
            break;
        }
    }
    if (!range_from_len(x->c->ret, op.arg[2].num, &r)) {
        return log_refuse(&x->im->log, x->c, x->c->arg[2], "a length that can succeed", x->im->e);
    }
    r = range_widen(r, IMPORT_PAGE);
    if (!pending.live) {
        return replace_mremap(x, op.arg[2].num, r);
    }
    op.arg[0] = pending.at;
    return import_emit_placed(x, &op, r);
}

/*
 * What gives memory back or changes it counts from the moment the call begins, what gets memory
 * from the moment it returns: only so do threads never own an address twice.
 */
static const struct {
    const char *name;
    int (*start)(struct import_ctx *x);
    int (*finish)(struct import_ctx *x);
} calls[] = {
    {"mmap", NULL, import_mmap},
    {"mmap2", NULL, import_mmap},
    {"brk", NULL, import_brk},
    {"mremap", start_mremap, finish_mremap},
    {"munmap", import_munmap, NULL},
    {"mprotect", import_mprotect, NULL},
    {"pkey_mprotect", import_mprotect, NULL},
    {"msync", import_msync, NULL},
    {"madvise", import_madvise, NULL},
};

bool import_is_memory_call(struct log_word name)
{
    for (unsigned i = 0; i < ARRAY_LEN(calls); i++) {
        if (log_word_is(name, calls[i].name)) {
            return true;
        }
    }
    return false;
}

bool import_is_brk_query(const struct log_call *c)
{
    return log_word_is(c->name, "brk") && c->n_args > 0 && log_word_is(c->arg[0], "NULL");
}

int import_memory_call(struct import_ctx *x, bool start, bool finish)
{
    int r = 0;

    for (unsigned i = 0; i < ARRAY_LEN(calls); i++) {
        if (!log_word_is(x->c->name, calls[i].name)) {
            continue;
        }
        if (start && calls[i].start) {
            r = calls[i].start(x);
        }
        if (r == 0 && finish && calls[i].finish) {
            r = calls[i].finish(x);
        }
    }
    return r;
}
