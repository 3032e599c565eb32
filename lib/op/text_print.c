/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs as text: the canonical form. One way to write each value, so that equal programs print
 * alike.
 */
#include "op/text.h"

#include "base/int.h"

static void print_hex(uint64_t num, struct buf *out)
{
    buf_fmt(out, num < 10 ? "%llu" : "0x%llx", (unsigned long long)num);
}

static void print_dec(uint64_t num, struct buf *out)
{
    buf_fmt(out, "%llu", (unsigned long long)num);
}

static void print_addr(const struct value *v, struct buf *out)
{
    switch (v->base) {
    case VALUE_WINDOW:
        buf_u8(out, '@');
        print_hex(v->num, out);
        break;
    case VALUE_RESULT:
        buf_fmt(out, "r%u", v->ref);
        if (v->num != 0) {
            bool back = v->num > INT64_MAX;

            buf_u8(out, back ? '-' : '+');
            print_hex(back ? 0 - v->num : v->num, out);
        }
        break;
    default:
        if (v->num == 0) {
            buf_str(out, "NULL");
        } else {
            print_hex(v->num, out);
        }
        break;
    }
}

static void print_fd(const struct value *v, struct buf *out)
{
    if (v->base == VALUE_FILE) {
        buf_fmt(out, "f%u", v->ref);
    } else {
        buf_fmt(out, "%lld", (long long)v->num);
    }
}

static void print_errno(uint64_t number, struct buf *out)
{
    const char *name = number <= INT32_MAX ? abi_errno_name((int)number) : NULL;

    if (name) {
        buf_str(out, name);
    } else {
        print_dec(number, out);
    }
}

void value_print(const struct value *v, enum arg_kind kind, struct buf *out)
{
    switch (kind) {
    case ARG_ADDR:
    case ARG_ADDR_OPT:
        print_addr(v, out);
        break;
    case ARG_PROT:
        abi_print_prot(v->num, out);
        break;
    case ARG_MAPFLAGS:
        abi_print_mapflags(v->num, out);
        break;
    case ARG_MREMAPFLAGS:
        abi_print_mremap(v->num, out);
        break;
    case ARG_MSYNCFLAGS:
        abi_print_msync(v->num, out);
        break;
    case ARG_ADVICE:
        abi_print_advice(v->num, out);
        break;
    case ARG_FD:
        print_fd(v, out);
        break;
    case ARG_ACCESS:
    case ARG_COUNT:
        print_dec(v->num, out);
        break;
    case ARG_ERRNO:
        print_errno(v->num, out);
        break;
    default:
        print_hex(v->num, out);
        break;
    }
}

void op_print(const struct op *op, struct buf *out)
{
    const struct op_desc *d = &op_descs[op->kind];
    unsigned n = op_args_used(op);

    if (op->result != OP_NO_RESULT) {
        buf_fmt(out, "r%u = ", op->result);
    }
    buf_str(out, d->name);
    buf_u8(out, '(');
    for (unsigned i = 0; i < n; i++) {
        if (i > 0) {
            buf_str(out, ", ");
        }
        value_print(&op->arg[i], d->arg[i], out);
    }
    buf_u8(out, ')');
}

void expect_print(const struct expect *x, enum op_kind kind, struct buf *out)
{
    switch (x->kind) {
    case EXPECT_OK:
        buf_str(out, " = ok");
        break;
    case EXPECT_VALUE:
        buf_str(out, " = ");
        value_print(&x->value, op_descs[kind].result == OP_RESULT_ADDR ? ARG_ADDR : ARG_BYTE, out);
        break;
    case EXPECT_FAIL:
        buf_str(out, " = -1");
        break;
    case EXPECT_ERRNO:
        buf_str(out, " = -1 ");
        print_errno(x->err, out);
        break;
    case EXPECT_SIGSEGV:
        buf_str(out, " = SIGSEGV");
        break;
    case EXPECT_SIGBUS:
        buf_str(out, " = SIGBUS");
        break;
    default:
        break;
    }
}

static void print_config(const struct prog_config *c, struct buf *out)
{
    if (!c->given) {
        return;
    }
    buf_str(out, "config");
    for (unsigned key = 0; key < CONFIG_KEY_COUNT; key++) {
        if (c->given & (1u << key)) {
            buf_fmt(out, key == CONFIG_RESERVED && c->value[key] ? " %s=0x%llx" : " %s=%llu",
                    config_key_name((enum config_key)key), (unsigned long long)c->value[key]);
        }
    }
    buf_u8(out, '\n');
}

void prog_print_head(const struct prog *p, struct buf *out)
{
    static const char *const open[PROG_OPEN_COUNT] = {"", " open=O_RDONLY", " open=O_WRONLY"};

    buf_str(out, "twinmap 1\n");
    print_config(&p->config, out);
    for (size_t i = 0; i < p->requires.n; i++) {
        enum require_kind kind = (enum require_kind)p->requires.v[i].kind;

        buf_fmt(out, "requires %s", require_kind_name(kind));
        if (require_has_value(kind)) {
            buf_fmt(out, "=%llu", (unsigned long long)p->requires.v[i].value);
        }
        buf_u8(out, '\n');
    }
    for (size_t i = 0; i < p->files.n; i++) {
        buf_fmt(out, "file f%zu size=%llu%s\n", i, (unsigned long long)p->files.v[i].size,
                open[p->files.v[i].open]);
    }
}

void prog_print(const struct prog *p, struct buf *out)
{
    prog_print_head(p, out);
    for (size_t i = 0; i < p->ops.n; i++) {
        const struct op *op = &p->ops.v[i];

        op_print(op, out);
        expect_print(&op->expect, op->kind, out);
        buf_u8(out, '\n');
    }
}
