/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Valid programs: prog_fixup makes one of anything, prog_check says what it would change. Repairs
 * are local and in program order, so a repaired program is left alone by the next repair. What an
 * op means to a kernel is no business of this file: an unaligned address or a nonsense flag is a
 * valid program.
 */
#include "op/repair.h"

#include <errno.h>
#include <string.h>

#include "base/int.h"

void repair_scope_init(struct repair_scope *s, size_t n_files)
{
    /* result[] is only read below n_results: 8 KiB that need no clearing per program. */
    s->n_files = n_files;
    s->n_results = 0;
    memset(s->defined, 0, sizeof(s->defined));
    s->forks = 0;
    s->open = 0;
    s->dropped = 0;
}

bool repair_scope_has(const struct repair_scope *s, unsigned result)
{
    return result < PROG_RESULTS_MAX && (s->defined[result / 64] >> (result % 64) & 1);
}

static bool value_same(const struct value *a, const struct value *b)
{
    return a->base == b->base && a->ref == b->ref && a->num == b->num;
}

/* An address: any number, but a result must be there. */
static struct value addr_legal(const struct value *v, const struct repair_scope *s)
{
    struct value legal = {v->base == VALUE_FILE ? VALUE_WINDOW : v->base % VALUE_FILE, 0, v->num};

    if (legal.base == VALUE_RESULT) {
        if (repair_scope_has(s, v->ref)) {
            legal.ref = v->ref;
        } else if (s->n_results > 0) {
            legal.ref = s->result[v->ref % s->n_results];
        } else {
            legal.base = VALUE_WINDOW;
        }
    }
    return legal;
}

/* A descriptor: a declared file, or a number of 32 bits with its sign. */
static struct value fd_legal(const struct value *v, const struct repair_scope *s)
{
    struct value legal = {VALUE_NUM, 0, (uint64_t)(int64_t)(int32_t)v->num};

    if (v->base == VALUE_FILE) {
        if (s->n_files == 0) {
            legal.num = UINT64_MAX;
        } else {
            legal = (struct value){VALUE_FILE, (uint16_t)(v->ref % s->n_files), 0};
        }
    }
    return legal;
}

static uint64_t num_legal(uint64_t num, enum arg_kind kind)
{
    switch (kind) {
    case ARG_ACCESS:
        return u64_max(1, u64_min(num, PROG_ACCESS_MAX));
    case ARG_PROT:
    case ARG_MREMAPFLAGS:
        return num & UINT32_MAX;
    case ARG_MAPFLAGS:
        return abi_mapflags_known(num);
    case ARG_MSYNCFLAGS:
        return abi_msync_known(num);
    case ARG_ADVICE:
        return abi_advice_known(num);
    case ARG_BYTE:
        return num & 0xff;
    case ARG_COUNT:
        return u64_max(1, u64_min(num, PROG_COUNT_MAX));
    case ARG_ERRNO:
        return (uint64_t)abi_errno_known(num);
    default:
        return num;
    }
}

static struct value arg_legal(const struct value *v, enum arg_kind kind,
                              const struct repair_scope *s)
{
    switch (kind) {
    case ARG_NONE:
        return (struct value){0};
    case ARG_ADDR:
    case ARG_ADDR_OPT:
        return addr_legal(v, s);
    case ARG_FD:
        return fd_legal(v, s);
    default:
        return (struct value){VALUE_NUM, 0, num_legal(v->num, kind)};
    }
}

static const char *const arg_wrong[ARG_KIND_COUNT] = {
    [ARG_NONE] = "an argument too many",
    [ARG_ADDR] = "an address relative to a result that is not set before",
    [ARG_ADDR_OPT] = "an address relative to a result that is not set before",
    [ARG_LEN] = "a length that is no number",
    [ARG_ACCESS] = "an access of no byte or of more than 1048576",
    [ARG_PROT] = "a protection of more than 32 bits",
    [ARG_MAPFLAGS] = "map flags without a meaning",
    [ARG_MREMAPFLAGS] = "mremap flags of more than 32 bits",
    [ARG_MSYNCFLAGS] = "msync flags without a meaning",
    [ARG_ADVICE] = "an advice without a meaning",
    [ARG_FD] = "a file that is not declared, or a descriptor of more than 32 bits",
    [ARG_OFFSET] = "an offset that is no number",
    [ARG_BYTE] = "a byte above 255",
    [ARG_COUNT] = "a count of 0 or above 1000000",
    [ARG_ERRNO] = "an errno without a name",
};

static const char *args_repair(struct op *op, const struct repair_scope *s)
{
    const struct op_desc *d = &op_descs[op->kind];
    const char *what = NULL;

    for (unsigned i = 0; i < OP_ARGS_MAX; i++) {
        /*
         * By now the flags before an optional argument are legal, so they decide whether it is
         * there.
         */
        enum arg_kind kind = i < op_args_used(op) ? d->arg[i] : ARG_NONE;
        struct value legal = arg_legal(&op->arg[i], kind, s);

        if (!value_same(&op->arg[i], &legal)) {
            op->arg[i] = legal;
            what = what ? what : arg_wrong[kind];
        }
    }
    return what;
}

/* A memory access: it faults or it does not, it never returns -1. */
static bool is_access(enum op_kind kind)
{
    return kind == OP_store || kind == OP_load || kind == OP_exec;
}

bool expect_kind_ok(enum expect_kind x, enum op_kind kind)
{
    switch (x) {
    case EXPECT_NONE:
        return true;
    case EXPECT_OK:
    case EXPECT_VALUE:
        return op_descs[kind].result != OP_RESULT_NONE;
    case EXPECT_FAIL:
    case EXPECT_ERRNO:
        return op_descs[kind].result != OP_RESULT_NONE && !is_access(kind);
    case EXPECT_SIGSEGV:
    case EXPECT_SIGBUS:
        return is_access(kind);
    default:
        return false;
    }
}

static struct value expect_value_legal(const struct value *v, enum op_result result,
                                       const struct repair_scope *s)
{
    switch (result) {
    case OP_RESULT_ADDR:
        return addr_legal(v, s);
    case OP_RESULT_BYTE:
        return (struct value){VALUE_NUM, 0, v->num & 0xff};
    default:
        return (struct value){0};
    }
}

static const char *expect_repair(struct op *op, const struct repair_scope *s)
{
    struct expect *x = &op->expect;
    struct expect legal = {.kind = EXPECT_NONE};

    if (expect_kind_ok(x->kind, op->kind)) {
        legal.kind = x->kind;
    }
    if (legal.kind == EXPECT_ERRNO) {
        legal.err = (uint8_t)abi_errno_known(x->err);
    } else if (legal.kind == EXPECT_VALUE) {
        legal.value = expect_value_legal(&x->value, op_descs[op->kind].result, s);
    }
    if (x->kind == legal.kind && x->err == legal.err && value_same(&x->value, &legal.value)) {
        return NULL;
    }
    *x = legal;
    return "an expectation that this op cannot have";
}

static const char *result_repair(struct op *op, const struct repair_scope *s)
{
    const char *what = NULL;

    if (op->result == OP_NO_RESULT) {
        return NULL;
    }
    if (op_descs[op->kind].result != OP_RESULT_ADDR) {
        what = "a result that is no address";
    } else if (op->result >= PROG_RESULTS_MAX) {
        what = "a result above r4095";
    } else if (repair_scope_has(s, op->result)) {
        what = "a result that is set before";
    }
    if (what) {
        op->result = OP_NO_RESULT;
    }
    return what;
}

const char *op_repair(struct op *op, const struct repair_scope *s, bool *drop)
{
    const char *what = NULL;
    const char *more;

    *drop = false;
    if (op->kind >= OP_KIND_COUNT) {
        op->kind %= OP_KIND_COUNT;
        what = "a kind that does not exist";
    }
    if (op->kind == OP_fork && s->forks >= PROG_FORKS_MAX) {
        *drop = true;
        return "a fork too many";
    }
    if (op->kind == OP_wait && (s->dropped > 0 || s->open == 0)) {
        *drop = true;
        return "no fork to wait for";
    }
    more = args_repair(op, s);
    what = what ? what : more;
    more = expect_repair(op, s);
    what = what ? what : more;
    more = result_repair(op, s);
    return what ? what : more;
}

void repair_scope_pass(struct repair_scope *s, const struct op *op, bool drop)
{
    if (op->kind == OP_fork) {
        if (drop) {
            s->dropped++;
        } else {
            s->forks++;
            s->open++;
        }
    } else if (op->kind == OP_wait) {
        /* Forks over the bound come last, so they are the innermost. */
        if (!drop) {
            s->open--;
        } else if (s->dropped > 0) {
            s->dropped--;
        }
    }
    if (op->result != OP_NO_RESULT && !drop) {
        s->defined[op->result / 64] |= UINT64_C(1) << (op->result % 64);
        s->result[s->n_results++] = op->result;
    }
}

const char *file_repair(struct prog_file *f)
{
    const char *what = NULL;

    if (f->size > PROG_FILE_SIZE_MAX) {
        f->size = PROG_FILE_SIZE_MAX;
        what = "a size above 2^33";
    }
    if (f->open >= PROG_OPEN_COUNT) {
        f->open %= PROG_OPEN_COUNT;
        what = what ? what : "a way to open that does not exist";
    }
    return what;
}

static int head_check(const struct prog *p, struct err *e)
{
    if (config_check(&p->config, e) < 0) {
        return -EINVAL;
    }
    if (p->requires.n > PROG_REQUIRES_MAX || p->files.n > PROG_FILES_MAX ||
        p->ops.n > PROG_OPS_MAX) {
        return err_set(e, -EINVAL, "more than %d requirements, %d files or %d ops",
                       PROG_REQUIRES_MAX, PROG_FILES_MAX, PROG_OPS_MAX);
    }
    for (size_t i = 0; i < p->requires.n; i++) {
        struct prog_require copy = p->requires.v[i];
        const char *what = require_repair(&copy);

        if (what) {
            return err_set(e, -EINVAL, "requirement %zu: %s", i, what);
        }
    }
    for (size_t i = 0; i < p->files.n; i++) {
        struct prog_file copy = p->files.v[i];
        const char *what = file_repair(&copy);

        if (what) {
            return err_set(e, -EINVAL, "file f%zu: %s", i, what);
        }
    }
    return 0;
}

int prog_check(const struct prog *p, struct err *e)
{
    struct repair_scope scope;

    if (head_check(p, e) < 0) {
        return -EINVAL;
    }
    repair_scope_init(&scope, p->files.n);
    for (size_t i = 0; i < p->ops.n; i++) {
        struct op copy = p->ops.v[i];
        bool drop;
        const char *what = op_repair(&copy, &scope, &drop);

        if (what) {
            return err_set(e, -EINVAL, "op %zu (%s): %s", i, op_descs[copy.kind].name, what);
        }
        repair_scope_pass(&scope, &copy, drop);
    }
    return 0;
}

void prog_fixup(struct prog *p)
{
    struct repair_scope scope;
    size_t kept = 0;

    config_repair(&p->config);
    p->requires.n = u64_min(p->requires.n, PROG_REQUIRES_MAX);
    p->files.n = u64_min(p->files.n, PROG_FILES_MAX);
    p->ops.n = u64_min(p->ops.n, PROG_OPS_MAX);
    for (size_t i = 0; i < p->requires.n; i++) {
        require_repair(&p->requires.v[i]);
    }
    for (size_t i = 0; i < p->files.n; i++) {
        file_repair(&p->files.v[i]);
    }
    repair_scope_init(&scope, p->files.n);
    for (size_t i = 0; i < p->ops.n; i++) {
        bool drop;

        op_repair(&p->ops.v[i], &scope, &drop);
        repair_scope_pass(&scope, &p->ops.v[i], drop);
        if (!drop) {
            if (kept != i) {
                p->ops.v[kept] = p->ops.v[i];
            }
            kept++;
        }
    }
    p->ops.n = kept;
}
