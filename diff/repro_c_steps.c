/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a C reproducer: one per op, in the program's order, in a straight line. */
#include <inttypes.h>
#include <string.h>

#include "op/text.h"
#include "repro_c.h"

enum { LINE_MAX_COLUMNS = 100, INDENT = 4 };

void repro_c_number(struct repro_c *c, uint64_t v, struct buf *out)
{
    c->wide |= v > UINT32_MAX;
    buf_fmt(out, v < 10 ? "%" PRIu64 : "0x%" PRIx64, v);
}

static void blanks(unsigned n, struct buf *out)
{
    buf_fmt(out, "%*s", (int)n, "");
}

/* Where the line that begins at TEXT and has ROOM columns may be broken: behind ", ". */
static size_t break_at(const char *text, size_t room)
{
    size_t best = 0;
    bool quoted = false;

    for (size_t i = 0; text[i] && text[i] != '\n'; i++) {
        quoted ^= text[i] == '"';
        if (!quoted && i < room && text[i] == ',' && text[i + 1] == ' ') {
            best = i + 2;
        }
    }
    return best;
}

void repro_c_line(const struct repro_c *c, const char *text, struct buf *out)
{
    unsigned indent = c->indent;

    while (strlen(text) + indent > LINE_MAX_COLUMNS) {
        size_t n = break_at(text, LINE_MAX_COLUMNS - indent);

        if (n == 0) {
            break;
        }
        blanks(indent, out);
        buf_add(out, text, n - 1);
        buf_u8(out, '\n');
        text += n;
        indent = c->indent + 2 * INDENT;
    }
    blanks(indent, out);
    buf_str(out, text);
    buf_u8(out, '\n');
}

static void print_line(struct repro_c *c, struct buf *text)
{
    repro_c_line(c, buf_text(text), &c->body);
    buf_clear(text);
}

/* N bytes to or from RESULT, which may be "back". */
static void print_offset(struct repro_c *c, uint64_t n, struct buf *out)
{
    if (n > INT64_MAX) {
        buf_str(out, " - ");
        repro_c_number(c, 0 - n, out);
    } else if (n != 0) {
        buf_str(out, " + ");
        repro_c_number(c, n, out);
    }
}

/* As many bits as an address of the program has. */
static uint64_t to_register(const struct repro_c *c, uint64_t v)
{
    return c->r->record->place.bits == 32 ? (uint32_t)v : v;
}

static void print_addr(struct repro_c *c, const struct value *v, struct buf *out)
{
    uint64_t n = to_register(c, v->num);

    switch ((enum value_base)v->base) {
    case VALUE_WINDOW:
        repro_c_need(c, HELPER_AT);
        buf_str(out, n > INT64_MAX ? "at((uintptr_t)0 - " : "at(");
        repro_c_number(c, n > INT64_MAX ? 0 - n : n, out);
        buf_u8(out, ')');
        break;
    case VALUE_RESULT:
        buf_fmt(out, "r%u", v->ref);
        print_offset(c, v->num, out);
        break;
    default:
        if (n == 0) {
            buf_str(out, "NULL");
        } else {
            repro_c_need(c, HELPER_ABSOLUTE);
            buf_str(out, "absolute(");
            repro_c_number(c, n, out);
            buf_u8(out, ')');
        }
        break;
    }
}

static void print_fd(struct repro_c *c, const struct value *v, struct buf *out)
{
    if (v->base == VALUE_FILE) {
        buf_fmt(out, "f%u", v->ref);
    } else if ((int64_t)v->num < 0) {
        buf_str(out, "-1");
    } else {
        repro_c_need(c, HELPER_NOT_OPEN);
        buf_fmt(out, "NOT_OPEN(%" PRIu64 ")", v->num & 0xffffff);
    }
}

/* A word of flags, of which PRINT knows the names; VALUE is what the call is given in the end. */
static void print_flags(uint64_t neutral, uint64_t value, void (*print)(uint64_t, struct buf *),
                        struct buf *out)
{
    bool negative = value > INT32_MAX;

    buf_str(out, negative ? "(int)(" : "");
    print(neutral, out);
    buf_str(out, negative ? ")" : "");
}

/* Rights at most have a name on FreeBSD alone. */
static void print_prot(const struct repro_c *c, uint64_t prot, uint64_t value, struct buf *out)
{
    uint64_t most =
        c->system == ABI_LINUX ? prot & (uint64_t)ABI_PROT_RWX << ABI_PROT_MAX_SHIFT : 0;

    print_flags(prot & ~most, value & ~most, abi_print_prot, out);
    if (most) {
        buf_fmt(out, "|0x%" PRIx64, most);
    }
}

static void print_arg(struct repro_c *c, const struct op *op, unsigned i, const uint64_t *given,
                      struct buf *out)
{
    const struct value *v = &op->arg[i];

    switch ((enum arg_kind)op_descs[op->kind].arg[i]) {
    case ARG_ADDR:
    case ARG_ADDR_OPT:
        print_addr(c, v, out);
        break;
    case ARG_LEN:
    case ARG_ACCESS:
        repro_c_number(c, to_register(c, v->num), out);
        break;
    case ARG_PROT:
        print_prot(c, v->num, given[i], out);
        break;
    case ARG_MAPFLAGS: /* as the system is told, which may have other words for it */
        print_flags(abi_mapflags_from_system(c->system, (uint32_t)given[i]), given[i],
                    abi_print_mapflags, out);
        break;
    case ARG_MREMAPFLAGS:
        print_flags(v->num, given[i], abi_print_mremap, out);
        break;
    case ARG_MSYNCFLAGS:
        print_flags(v->num, given[i], abi_print_msync, out);
        break;
    case ARG_ADVICE:
        abi_print_advice(v->num, out);
        break;
    case ARG_FD:
        print_fd(c, v, out);
        break;
    case ARG_OFFSET: {
        bool wide = c->wide;

        buf_str(out, v->num > INT64_MAX ? "(off_t)" : "");
        repro_c_number(c, v->num, out);
        c->wide = wide; /* an offset has 64 bits everywhere */
        break;
    }
    default:
        repro_c_number(c, v->num, out);
        break;
    }
}

/* "munmap(at(0x10000), 0x1000)"; NAME instead of the op's own if it is not NULL. */
static void print_call(struct repro_c *c, const struct op *op, const struct repro_step *s,
                       const char *name, struct buf *out)
{
    unsigned n = op_args_used(op);

    buf_fmt(out, "%s(", name ? name : op_descs[op->kind].name);
    for (unsigned i = 0; i < n; i++) {
        buf_str(out, i ? ", " : "");
        print_arg(c, op, i, s->seen->step.args.arg, out);
    }
}

static const char *error_name(const struct expect *x)
{
    return x->kind == EXPECT_ERRNO ? abi_errno_name(x->err) : "0";
}

/* mmap, mremap: what comes around the call. */
static void map_step(struct repro_c *c, const struct op *op, const struct repro_step *s)
{
    const struct expect *x = &s->expect;
    bool used = op->result < PROG_RESULTS_MAX && c->results[op->result];
    bool fails = x->kind == EXPECT_FAIL || x->kind == EXPECT_ERRNO;
    struct buf line = BUF_INIT;

    if (used) {
        buf_fmt(&line, "char *r%u = ", op->result);
    } else if (x->kind == EXPECT_NONE) {
        buf_str(&line, "(void)");
    }
    if (fails) {
        repro_c_need(c, HELPER_MAPS_NOT);
        if (used) { /* the program contradicts the record */
            print_call(c, op, s, NULL, &line);
            buf_str(&line, ");");
            print_line(c, &line);
            buf_fmt(&line, "maps_not(r%u", op->result);
        } else {
            buf_str(&line, "maps_not(");
            print_call(c, op, s, NULL, &line);
            buf_u8(&line, ')');
        }
        buf_fmt(&line, ", %s);", error_name(x));
    } else if (x->kind == EXPECT_VALUE) {
        repro_c_need(c, HELPER_MAPS_AT);
        buf_str(&line, "maps_at(");
        print_call(c, op, s, NULL, &line);
        buf_str(&line, "), ");
        print_addr(c, &x->value, &line);
        buf_str(&line, ");");
    } else if (x->kind == EXPECT_OK || used) { /* without a result there is no going on */
        repro_c_need(c, HELPER_MAPS);
        buf_str(&line, "maps(");
        print_call(c, op, s, NULL, &line);
        buf_str(&line, "));");
    } else {
        print_call(c, op, s, NULL, &line);
        buf_str(&line, ");");
    }
    print_line(c, &line);
    buf_free(&line);
}

static void zero_step(struct repro_c *c, const struct op *op, const struct repro_step *s)
{
    const struct expect *x = &s->expect;
    bool fails = x->kind == EXPECT_FAIL || x->kind == EXPECT_ERRNO;
    struct buf line = BUF_INIT;

    if (x->kind != EXPECT_NONE) {
        repro_c_need(c, fails ? HELPER_FAILS : HELPER_SUCCEEDS);
    }
    buf_str(&line, x->kind == EXPECT_NONE ? "(void)" : fails ? "fails(" : "succeeds(");
    print_call(c, op, s, NULL, &line);
    if (fails) {
        buf_fmt(&line, "), %s);", error_name(x));
    } else {
        buf_str(&line, x->kind == EXPECT_NONE ? ");" : "));");
    }
    print_line(c, &line);
    buf_free(&line);
}

/* Which helper takes the access; what it is given behind the op's arguments. */
static void access_step(struct repro_c *c, const struct op *op, const struct repro_step *s)
{
    static const struct {
        const char *name;
        enum repro_helper helper;
    } takes[2][3] = {
        {{"loads", HELPER_LOADS},
         {"load_faults", HELPER_LOAD_FAULTS},
         {"loads_byte", HELPER_LOADS_BYTE}},
        {{"stores", HELPER_STORES}, {"store_faults", HELPER_STORE_FAULTS}, {NULL, HELPER_BASE}},
    };
    const struct expect *x = &s->expect;
    bool store = op->kind == OP_store;
    bool faults = x->kind == EXPECT_SIGSEGV || x->kind == EXPECT_SIGBUS;
    unsigned way = faults ? 1 : !store && x->kind == EXPECT_VALUE ? 2 : 0;
    struct buf line = BUF_INIT;

    if (x->kind == EXPECT_NONE) {
        repro_c_need(c, HELPER_GO_OVER);
        buf_str(&line, "(void)");
        print_call(c, op, s, "go_over", &line);
        buf_str(&line, store ? ");" : ", -1);");
    } else {
        repro_c_need(c, takes[store][way].helper);
        print_call(c, op, s, takes[store][way].name, &line);
        if (faults) {
            buf_str(&line, x->kind == EXPECT_SIGBUS ? ", SIGBUS" : ", SIGSEGV");
        } else if (way == 2) {
            buf_str(&line, ", ");
            repro_c_number(c, x->value.num, &line);
        }
        buf_str(&line, ");");
    }
    print_line(c, &line);
    buf_free(&line);
}

static void print_expected(struct repro_c *c, const struct op *op, const struct repro_step *s)
{
    struct buf want = BUF_INIT;
    struct buf line = BUF_INIT;

    expect_print(&s->expect, (enum op_kind)op->kind, &want);
    if (want.len > 3) {
        buf_fmt(&line, "/* expected: %s", buf_text(&want) + 3);
        if (s->contradicted) {
            buf_str(&line, ", but the record has");
            repro_print_seen(c->r->record, op, s, &line);
        }
        buf_str(&line, " */");
    } else if (s->silent) {
        buf_fmt(&line, "/* nothing is expected: %s */", s->silent);
    }
    if (line.len) {
        print_line(c, &line);
    }
    buf_free(&want);
    buf_free(&line);
}

/* What is expected, as a comment, and the step's announcement. */
static void print_head(struct repro_c *c, size_t i)
{
    const struct op *op = &c->r->prog->ops.v[i];
    const struct repro_step *s = &c->steps.v[i];
    struct buf text = BUF_INIT;

    op_print(op, &text);
    if (s->left_out) {
        blanks(c->indent, &c->body);
        buf_fmt(&c->body, "/* step %zu, %s, is left out: %s */\n", i + 1, buf_text(&text),
                s->left_out);
    } else {
        print_expected(c, op, s);
        repro_c_need(c, HELPER_STEP);
        blanks(c->indent, &c->body); /* in one line, however long */
        buf_fmt(&c->body, "step(%zu, \"%s\");\n", i + 1, buf_text(&text));
    }
    buf_free(&text);
}

static void print_steps(struct repro_c *c, size_t at, size_t stop);

/* The child's steps stand in a block of their own; returns the op behind. */
static size_t fork_step(struct repro_c *c, size_t at, size_t stop)
{
    size_t child_stop = prog_wait_of(c->r->prog, at, stop);
    struct buf line = BUF_INIT;

    repro_c_need(c, HELPER_FORKS);
    print_head(c, at);
    buf_fmt(&line, "pid_t child%zu = forks();", at + 1);
    print_line(c, &line);
    buf_fmt(&line, "if (child%zu == 0) {", at + 1);
    print_line(c, &line);
    c->indent += INDENT;
    print_steps(c, at + 1, child_stop);
    repro_c_line(c, "_exit(0);", &c->body);
    c->indent -= INDENT;
    repro_c_line(c, "}", &c->body);
    if (child_stop < stop) {
        buf_u8(&c->body, '\n');
        buf_fmt(&line, "step(%zu, \"wait()\");", child_stop + 1);
        print_line(c, &line);
    }
    buf_fmt(&line, "ends(child%zu);", at + 1);
    print_line(c, &line);
    buf_free(&line);
    return child_stop < stop ? child_stop + 1 : child_stop;
}

static void print_steps(struct repro_c *c, size_t at, size_t stop)
{
    while (at < stop) {
        const struct op *op = &c->r->prog->ops.v[at];
        const struct repro_step *s = &c->steps.v[at];

        if (op->kind == OP_fork && !s->left_out) {
            at = fork_step(c, at, stop);
        } else {
            print_head(c, at++);
            if (!s->left_out && op_descs[op->kind].result == OP_RESULT_ADDR) {
                map_step(c, op, s);
            } else if (!s->left_out && (op->kind == OP_store || op->kind == OP_load)) {
                access_step(c, op, s);
            } else if (!s->left_out && op_descs[op->kind].result == OP_RESULT_ZERO) {
                zero_step(c, op, s);
            }
        }
        buf_u8(&c->body, '\n');
        if (at == c->r->prog->ops.n && c->r->prog->ops.v[at - 1].kind != OP_fork && !c->looked) {
            c->looked = true;
            repro_c_maps(c);
        }
    }
}

static void use(struct repro_c *c, const struct value *v, enum arg_kind kind)
{
    if (v->base == VALUE_FILE && kind == ARG_FD) {
        c->files[v->ref] = true;
    } else if (v->base == VALUE_RESULT && (kind == ARG_ADDR || kind == ARG_ADDR_OPT)) {
        c->results[v->ref] = true;
    }
}

/* An expected address that names a result which the record does not have is no expectation. */
static void settle(struct repro_c *c, size_t i)
{
    const struct op *op = &c->r->prog->ops.v[i];
    struct repro_step *s = &c->steps.v[i];

    if (s->left_out) {
        return;
    }
    if (op->kind == OP_fork && s->seen->step.outcome.kind != OUTCOME_OK) {
        s->left_out = "it failed in the record";
        return;
    }
    for (unsigned k = 0; k < op_args_used(op); k++) {
        use(c, &op->arg[k], (enum arg_kind)op_descs[op->kind].arg[k]);
    }
    if (s->expect.kind == EXPECT_VALUE && s->expect.value.base == VALUE_RESULT) {
        if (c->known[s->expect.value.ref]) {
            use(c, &s->expect.value, ARG_ADDR);
        } else {
            s->expect = (struct expect){.kind = EXPECT_NONE};
        }
    }
    if (op->result < PROG_RESULTS_MAX) {
        c->known[op->result] = s->seen->step.outcome.kind == OUTCOME_OK;
    }
}

void repro_c_steps(struct repro_c *c)
{
    size_t n = c->r->prog->ops.n;

    for (size_t i = 0; i < n; i++) {
        settle(c, i);
    }
    c->indent = INDENT;
    print_steps(c, 0, n);
}
