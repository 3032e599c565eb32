/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs from text, one statement per line: the head (version, config, requires, files), then
 * ops.
 */
#include "op/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "op/text_lex.h"

#define FORMAT_VERSION 1

static bool parse_version(struct text *t)
{
    struct span s;
    uint64_t version;

    s = text_word(t);
    if (!text_number(t, "the version 1", &version)) {
        return false;
    }
    return version == FORMAT_VERSION ||
           text_refuse(t, s, "1, the one version that this twinmap reads");
}

static bool parse_config_key(struct text *t)
{
    struct prog_config *c = &t->p->config;
    struct span name = text_word(t);
    enum config_key key = config_key_parse(t->text + name.at, name.len);
    struct span value;
    uint64_t v;

    if (key == CONFIG_KEY_COUNT) {
        return text_refuse(t, name, "guest_page, host_page, bits, reserved or guest_base");
    }
    if (c->given & (1u << key)) {
        return text_refuse(t, name, "each key once");
    }
    t->at += name.len;
    if (!text_want(t, '=')) {
        return false;
    }
    value = text_word(t);
    if (key == CONFIG_RESERVED) {
        t->reserved = value;
    }
    if (!text_number(t, config_expected(key), &v)) {
        return false;
    }
    return config_set(c, key, v, NULL) == 0 || text_refuse(t, value, "%s", config_expected(key));
}

static bool parse_config(struct text *t)
{
    do {
        if (!parse_config_key(t)) {
            return false;
        }
    } while (text_peek(t) != '\n');
    return true;
}

static bool parse_requires(struct text *t)
{
    struct span name = text_word(t);
    struct span value;
    enum require_kind kind = require_kind_parse(t->text + name.at, name.len);
    struct prog_require r = {(uint8_t)kind, 0};

    if (kind == REQUIRE_KIND_COUNT) {
        return text_refuse(t, name,
                           "linux, freebsd, guest_page=, host_page=, bits=, h_eq_g, h_lt_g, "
                           "h_gt_g, reserved or no_reserved");
    }
    if (t->p->requires.n >= PROG_REQUIRES_MAX) {
        return text_refuse(t, name, "at most %d requirements", PROG_REQUIRES_MAX);
    }
    t->at += name.len;
    if (require_has_value(kind)) {
        if (!text_want(t, '=')) {
            return false;
        }
        value = text_word(t);
        if (!text_number(t, require_expected(kind), &r.value)) {
            return false;
        }
        if (!require_value_ok(kind, r.value)) {
            return text_refuse(t, value, "%s", require_expected(kind));
        }
    }
    return prog_add_require(t->p, r) == 0 || text_no_memory(t);
}

static bool parse_open(struct text *t, uint8_t *ret)
{
    static const char *const modes[PROG_OPEN_COUNT] = {"O_RDWR", "O_RDONLY", "O_WRONLY"};
    struct span s = text_word(t);

    if (!text_is(t, s, "open")) {
        return text_refuse(t, s, "open= or the end of the line");
    }
    t->at += s.len;
    if (!text_want(t, '=')) {
        return false;
    }
    s = text_word(t);
    for (unsigned i = 0; i < PROG_OPEN_COUNT; i++) {
        if (text_is(t, s, modes[i])) {
            t->at += s.len;
            *ret = (uint8_t)i;
            return true;
        }
    }
    return text_refuse(t, s, "O_RDONLY, O_WRONLY or O_RDWR");
}

static bool parse_file(struct text *t)
{
    struct prog_file f = {0, PROG_RDWR};
    struct span s = text_word(t);
    unsigned file;

    if (t->p->files.n >= PROG_FILES_MAX) {
        return text_refuse(t, s, "at most %d files", PROG_FILES_MAX);
    }
    if (!text_name(t, s, 'f', &file) || file != t->p->files.n) {
        return text_refuse(t, s, "f%zu", t->p->files.n);
    }
    t->at += s.len;
    s = text_word(t);
    if (!text_is(t, s, "size")) {
        return text_refuse(t, s, "size=");
    }
    t->at += s.len;
    if (!text_want(t, '=')) {
        return false;
    }
    s = text_word(t);
    if (!text_number(t, "a size in bytes", &f.size)) {
        return false;
    }
    if (f.size > PROG_FILE_SIZE_MAX) {
        return text_refuse(t, s, "a size of at most %llu", (unsigned long long)PROG_FILE_SIZE_MAX);
    }
    if (text_peek(t) != '\n' && !parse_open(t, &f.open)) {
        return false;
    }
    return prog_add_file(t->p, f) == 0 || text_no_memory(t);
}

/* mremap's new address: there with MREMAP_FIXED, there or not with MREMAP_DONTUNMAP, else not. */
static bool parse_arg_opt(struct text *t, struct op *op, unsigned i)
{
    bool useful = op_args_used(op) > i;
    bool needed = useful && (op->arg[i - 1].num & ABI_MREMAP_FIXED);

    if (text_peek(t) != ',' && !needed) {
        return true;
    }
    if (!useful) {
        return text_refuse_next(t, "')', as there is neither MREMAP_FIXED nor MREMAP_DONTUNMAP");
    }
    return text_want(t, ',') && text_arg(t, ARG_ADDR_OPT, &op->arg[i]);
}

static bool parse_args(struct text *t, struct op *op)
{
    const struct op_desc *d = &op_descs[op->kind];

    if (!text_want(t, '(')) {
        return false;
    }
    for (unsigned i = 0; i < d->n_args; i++) {
        if (d->arg[i] == ARG_ADDR_OPT) {
            if (!parse_arg_opt(t, op, i)) {
                return false;
            }
        } else if ((i > 0 && !text_want(t, ',')) || !text_arg(t, d->arg[i], &op->arg[i])) {
            return false;
        }
    }
    return text_want(t, ')');
}

/* A kind that has no place here, at NAME. */
static bool check_place(struct text *t, struct span name, enum op_kind kind)
{
    if (t->p->ops.n >= PROG_OPS_MAX) {
        return text_refuse(t, name, "at most %d ops", PROG_OPS_MAX);
    }
    if (kind == OP_fork && t->scope.forks >= PROG_FORKS_MAX) {
        return text_refuse(t, name, "at most %d forks", PROG_FORKS_MAX);
    }
    if (kind == OP_wait && t->scope.open == 0) {
        return text_refuse(t, name, "a fork() before it that has no wait() yet");
    }
    return true;
}

/* "rN = " has been read up to the result's name. */
static bool parse_result_name(struct text *t, struct span name, unsigned result, struct op *op)
{
    if (result >= PROG_RESULTS_MAX) {
        return text_refuse(t, name, "a result from r0 to r%d", PROG_RESULTS_MAX - 1);
    }
    if (repair_scope_has(&t->scope, result)) {
        return text_refuse(t, name, "a result that is not set yet");
    }
    t->at += name.len;
    op->result = (uint16_t)result;
    return text_want(t, '=');
}

static bool refuse_op(struct text *t, struct span name)
{
    char list[256] = "";

    for (unsigned k = 0; k < OP_KIND_COUNT; k++) {
        size_t used = strlen(list);

        snprintf(list + used, sizeof(list) - used, "%s, ", op_descs[k].name);
    }
    return text_refuse(t, name, "%sconfig, requires or file", list);
}

static bool parse_op(struct text *t)
{
    struct op op = {.result = OP_NO_RESULT};
    struct span name = text_word(t);
    enum op_kind kind;
    unsigned result;

    if (text_name(t, name, 'r', &result)) {
        if (!parse_result_name(t, name, result, &op)) {
            return false;
        }
        name = text_word(t);
    }
    kind = op_kind_parse(t->text + name.at, name.len);
    if (op.result != OP_NO_RESULT &&
        (kind == OP_KIND_COUNT || op_descs[kind].result != OP_RESULT_ADDR)) {
        return text_refuse(t, name, "mmap or mremap, whose result is an address");
    }
    if (kind == OP_KIND_COUNT) {
        return refuse_op(t, name);
    }
    if (!check_place(t, name, kind)) {
        return false;
    }
    t->at += name.len;
    op.kind = (uint8_t)kind;
    if (!parse_args(t, &op) || !text_expect(t, kind, &op.expect)) {
        return false;
    }
    repair_scope_pass(&t->scope, &op, false);
    return prog_insert(t->p, t->p->ops.n, &op) == 0 || text_no_memory(t);
}

/* What can be judged only when the whole head is known. */
static bool finish_head(struct text *t)
{
    if (config_check(&t->p->config, NULL) < 0) {
        return text_refuse(t, t->reserved, "%s", config_expected(CONFIG_RESERVED));
    }
    repair_scope_init(&t->scope, t->p->files.n);
    return true;
}

static bool parse_head_or_op(struct text *t, bool first, bool *in_ops)
{
    static const struct {
        const char *word;
        bool (*parse)(struct text *t);
    } head[] = {{"twinmap", parse_version},
                {"config", parse_config},
                {"requires", parse_requires},
                {"file", parse_file}};
    struct span s = text_word(t);

    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
        if (!text_is(t, s, head[i].word)) {
            continue;
        }
        if (*in_ops) {
            return text_refuse(t, s, "an op, as the head is over with the first op");
        }
        if (i == 0 && !first) {
            return text_refuse(t, s, "the version in the first line only");
        }
        t->at += s.len;
        return head[i].parse(t);
    }
    if (!*in_ops) {
        *in_ops = true;
        if (!finish_head(t)) {
            return false;
        }
    }
    return parse_op(t);
}

static bool parse_text(struct text *t)
{
    size_t bad = text_first_bad(t->text, t->len);
    bool in_ops = false;
    bool first = true;

    if (bad < t->len) {
        return text_refuse(t, (struct span){bad, 1}, "text");
    }
    for (; t->at < t->len; text_next_line(t)) {
        if (text_peek(t) == '\n') {
            continue;
        }
        if (!parse_head_or_op(t, first, &in_ops) || !text_want_line_done(t)) {
            return false;
        }
        first = false;
    }
    return in_ops || finish_head(t);
}

int prog_parse(struct prog *p, const char *name, const char *text, size_t len, struct err *e)
{
    struct text t = {.name = name, .text = text, .len = len, .e = e, .p = p};

    prog_clear(p);
    if (!parse_text(&t)) {
        prog_clear(p);
        return t.code;
    }
    assert(prog_check(p, NULL) == 0);
    return 0;
}
