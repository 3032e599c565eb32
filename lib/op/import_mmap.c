/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded mmap and brk. */
#include "op/import_impl.h"

#include <errno.h>

/*
 * Flags that fill memory at once are left out above this length: a program must be able to run
 * anywhere.
 */
#define FILLED_MAX (UINT64_C(1) << 20)

#define FLAGS_FIXED (ABI_MAP_FIXED | ABI_MAP_FIXED_NOREPLACE)

static const struct value no_fd = {VALUE_NUM, 0, UINT64_MAX};

/* The call's arguments as an op; the address is still the log's. */
static int read_args(struct import_ctx *x, struct op *op)
{
    int r = import_number(x, 0, &op->arg[0].num);

    op->kind = OP_mmap;
    op->result = OP_NO_RESULT;
    r = r < 0 ? r : import_number(x, 1, &op->arg[1].num);
    r = r < 0 ? r : import_flags(x, 2, abi_parse_prot_word, 0, "a protection", &op->arg[2].num);
    r = r < 0 ? r
              : import_flags(x, 3, abi_parse_mapflag_word, ABI_MAP_RAW_SHIFT, "a map flag",
                             &op->arg[3].num);
    if (r == 0 && (x->c->n_args < 6 || !log_number(x->c->arg[4], &op->arg[4].num))) {
        r = log_refuse(&x->im->log, x->c, x->c->arg[x->c->n_args < 6 ? 0 : 4], "a descriptor",
                       x->im->e);
    }
    op->arg[4].num = (uint64_t)(int64_t)(int32_t)op->arg[4].num;
    return r < 0 ? r : import_number(x, 5, &op->arg[5].num);
}

static void tame(struct import_ctx *x, struct op *op)
{
    uint64_t off = op->arg[3].num & ABI_MAP_HUGETLB;

    if (op->arg[1].num > FILLED_MAX) {
        off |= op->arg[3].num & (ABI_MAP_LOCKED | ABI_MAP_POPULATE);
    }
    if (off && !x->c->failed) {
        op->arg[3].num &= ~off;
        import_note(x, "without MAP_LOCKED, MAP_POPULATE or MAP_HUGETLB, to run anywhere");
    }
}

/*
 * The descriptor as a file of the program; *OMIT if the call means nothing without the real thing.
 */
static int settle_file(struct import_ctx *x, struct op *op, bool *omit)
{
    uint64_t last_plus_one = op->arg[5].num + op->arg[1].num;
    struct import_file *f;
    size_t file;
    int r;

    *omit = false;
    if (op->arg[3].num & ABI_MAP_ANONYMOUS) {
        return 0;
    }
    r = import_fd_file(x, op->arg[4].num, !x->c->failed, &file);
    if (r < 0 || file == IMPORT_NONE) {
        return r; /* a bad descriptor stays one */
    }
    f = &x->im->files.v[file];
    if (f->kind != IMPORT_OTHER) {
        if (last_plus_one >= op->arg[5].num && last_plus_one > f->need) {
            f->need = last_plus_one;
        }
        op->arg[4] = (struct value){.base = VALUE_FILE};
        return import_declare_file(x, file, &op->arg[4].ref);
    }
    if (x->c->failed) {
        *omit = true;
        import_note(x, "left out, a failed map of what is no regular file");
        return 0;
    }
    import_note(x, "anonymous memory for a map of what is no regular file");
    op->arg[3].num |= ABI_MAP_ANONYMOUS;
    op->arg[4] = no_fd;
    op->arg[5].num = 0;
    return 0;
}

/* An address that is only a wish, or where a call failed. */
static struct value recalled(struct import_ctx *x, uint64_t addr)
{
    struct value at;

    return books_recall(&x->w->books, addr, &at) ? at : (struct value){VALUE_NUM, 0, 0};
}

/*
 * Where results are, the map replaces them; elsewhere it is placed, because only the log's kernel
 * knew what was free there.
 */
static int map_fixed(struct import_ctx *x, const struct op *whole, struct range r)
{
    struct range left = r;
    int ret = 0;

    for (bool more = true; more && ret == 0;) {
        struct import_piece p = books_piece(&x->w->books, left);
        struct op op = *whole;

        if (p.r.start != r.start || p.r.last != r.last) {
            op.arg[1].num = range_len(p.r);
        }
        op.arg[3].num &= ~(uint64_t)FLAGS_FIXED;
        if (op.arg[4].base == VALUE_FILE) {
            op.arg[5].num += p.r.start - r.start;
        }
        if (p.live) {
            op.arg[0] = p.at;
            op.arg[3].num |= ABI_MAP_FIXED;
            ret = import_emit(x, &op);
        } else {
            op.arg[0] = (struct value){VALUE_NUM, 0, 0};
            import_note(x, "placed anywhere, its fixed address belonged to nothing known");
            ret = import_emit_placed(x, &op, p.r);
        }
        more = p.r.last < r.last;
        left.start = p.r.last + 1;
    }
    return ret;
}

int import_mmap(struct import_ctx *x)
{
    struct op op = {0};
    struct range r;
    uint64_t addr;
    bool omit;
    bool fixed;
    int ret = read_args(x, &op);

    if (ret < 0) {
        return ret;
    }
    tame(x, &op);
    ret = settle_file(x, &op, &omit);
    if (ret < 0 || omit) {
        return ret;
    }
    addr = op.arg[0].num;
    fixed = op.arg[3].num & FLAGS_FIXED;
    op.arg[0] = recalled(x, addr);
    if (x->c->failed) {
        if (fixed && op.arg[0].base != VALUE_RESULT) {
            import_note(x, "left out, failed at an address of which nothing is known");
            return 0;
        }
        return import_emit(x, &op);
    }
    if (!range_from_len(x->c->ret, op.arg[1].num, &r)) {
        return log_refuse(&x->im->log, x->c, x->c->arg[1], "a length that can succeed", x->im->e);
    }
    r = range_widen(r, IMPORT_PAGE);
    return fixed ? map_fixed(x, &op, r) : import_emit_placed(x, &op, r);
}

/* The whole heap's place is kept from the start, so that nothing comes to lie where it grows. */
static int keep_heap(struct import_ctx *x, struct range r)
{
    struct op op = {.kind = OP_mmap};

    x->w->heap = true;
    op.arg[1].num = range_len(r);
    op.arg[3].num = ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS | ABI_MAP_NORESERVE;
    op.arg[4] = no_fd;
    buf_fmt(&x->w->out.notes,
            "# r%u keeps the place of the heap, 0x%llx to 0x%llx, which grows by MAP_FIXED\n",
            x->w->next_result, (unsigned long long)r.start, (unsigned long long)r.last);
    return import_emit_placed(x, &op, r);
}

/* [FROM, TO) of the heap comes (RW) or goes. */
static int change_heap(struct import_ctx *x, uint64_t from, uint64_t to, bool grow)
{
    struct op op = {.kind = OP_mmap, .result = OP_NO_RESULT};
    struct range left = {from, to - 1};

    for (bool more = true; more;) {
        struct import_piece p = books_piece(&x->w->books, left);
        int r = 0;

        op.arg[0] = p.at;
        op.arg[1].num = range_len(p.r);
        if (grow || x->plan->brk_regrown) {
            op.arg[2].num = grow ? ABI_PROT_READ | ABI_PROT_WRITE : 0;
            op.arg[3].num = ABI_MAP_PRIVATE | ABI_MAP_FIXED | ABI_MAP_ANONYMOUS;
            op.arg[4] = no_fd;
        } else {
            op.kind = OP_munmap;
        }
        if (p.live) {
            r = import_emit(x, &op);
        }
        if (r == 0 && p.live && op.kind == OP_munmap && books_cut(&x->w->books, p.r) < 0) {
            r = import_oom(x->im);
        }
        if (r < 0) {
            return r;
        }
        more = p.r.last < left.last;
        left.start = p.r.last + 1;
    }
    return 0;
}

int import_brk(struct import_ctx *x)
{
    struct import_work *w = x->w;
    uint64_t old = u64_align_up_wrap(w->brk, IMPORT_PAGE);
    uint64_t now = u64_align_up_wrap(x->c->ret, IMPORT_PAGE);
    int r = 0;

    if (x->c->failed) {
        return 0;
    }
    if (!w->brk_known || import_is_brk_query(x->c)) {
        w->brk = x->c->ret;
        w->brk_known = true;
        return 0;
    }
    x->plan->brk_max = u64_max(x->plan->brk_max, now);
    if (now > old) {
        x->plan->brk_regrown |= w->brk_shrunk;
        if (!w->heap) {
            r = keep_heap(x, (struct range){old, u64_max(x->plan->brk_max, now) - 1});
        }
        r = r < 0 ? r : change_heap(x, old, now, true);
    } else if (now < old) {
        w->brk_shrunk = true;
        r = change_heap(x, now, old, false);
    }
    w->brk = x->c->ret;
    return r;
}
