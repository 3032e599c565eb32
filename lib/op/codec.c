/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program is a stream of records until the data are used up, each begun by a tag byte: an op and
 * its kind of expectation, or a line of the head. There are no counts and no lengths of records, so
 * that bytes put in, taken out or changed by a fuzzing engine leave the rest of the program much as
 * it was. docs/TEXT_FORMAT.md describes the bytes.
 */
#include "op/codec.h"

#include <errno.h>
#include <string.h>

#include "base/int.h"
#include "base/vec.h"
#include "op/text.h"
#include "op/text_lex.h"

/*
 * Second byte: the version. SEALED is set where the program carries expectations that somebody
 * meant: four bytes follow that hash the rest. Engines' bytes have no such seal, and so no
 * expectations that would hide what they found.
 */
enum { CODEC_VERSION = 1, CODEC_SEALED = 0x80, SEAL_LEN = 4 };

/*
 * Tag: kind of op in the low bits, expectation in the high ones; one value of these is a line of
 * the head.
 */
enum {
    TAG_KIND_BITS = 5,
    TAG_KIND_MASK = (1 << TAG_KIND_BITS) - 1,
    TAG_HEAD = 7,
};
_Static_assert((int)OP_KIND_COUNT <= TAG_KIND_MASK + 1 && (int)EXPECT_KIND_COUNT <= TAG_HEAD,
               "an op's tag has room");

enum head_record {
    HEAD_CONFIG,
    HEAD_REQUIRE,
    HEAD_FILE,
    HEAD_RECORD_COUNT = HEAD_FILE + PROG_OPEN_COUNT
};

/*
 * First byte of a number: how many follow, whether in units of 4096, whether inverted; an address's
 * base.
 */
enum {
    NUM_LEN_MASK = 0xf,
    NUM_SHIFTED = 0x10,
    NUM_INVERTED = 0x20,
    NUM_BASE_SHIFT = 6,
    NUM_PAGE_BITS = 12,
};

struct reader {
    const uint8_t *data;
    size_t len;
    size_t at;
};

static uint8_t read_u8(struct reader *r)
{
    return r->at < r->len ? r->data[r->at++] : 0;
}

static uint64_t read_varint(struct reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t b = read_u8(r);

        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            break;
        }
    }
    return v;
}

static void write_varint(struct buf *out, uint64_t v)
{
    while (v >= 0x80) {
        buf_u8(out, (uint8_t)(v | 0x80));
        v >>= 7;
    }
    buf_u8(out, (uint8_t)v);
}

/* What follows the first byte HEAD of a number. */
static uint64_t read_num(struct reader *r, uint8_t head)
{
    unsigned len = head & NUM_LEN_MASK;
    uint64_t v = 0;

    len = len > 8 ? len - 8 : len;
    for (unsigned i = 0; i < len; i++) {
        v |= (uint64_t)read_u8(r) << (8 * i);
    }
    if (head & NUM_SHIFTED) {
        v <<= NUM_PAGE_BITS;
    }
    return head & NUM_INVERTED ? ~v : v;
}

static uint8_t num_head(uint64_t v, uint64_t *bytes)
{
    uint8_t head = 0;
    unsigned len = 0;

    if (v >> 63) {
        v = ~v;
        head |= NUM_INVERTED;
    }
    if (v != 0 && u64_is_aligned(v, 1u << NUM_PAGE_BITS)) {
        v >>= NUM_PAGE_BITS;
        head |= NUM_SHIFTED;
    }
    while (len < 8 && v >> (8 * len)) {
        len++;
    }
    *bytes = v;
    return (uint8_t)(head | len);
}

static void write_num(struct buf *out, uint64_t v)
{
    uint64_t bytes;
    uint8_t head = num_head(v, &bytes);

    buf_u8(out, head);
    buf_le(out, bytes, head & NUM_LEN_MASK);
}

static void read_addr(struct reader *r, struct value *ret)
{
    uint8_t head = read_u8(r);

    ret->base = head >> NUM_BASE_SHIFT;
    if (ret->base > VALUE_RESULT) {
        ret->base = VALUE_RESULT;
    }
    ret->ref = ret->base == VALUE_RESULT ? (uint16_t)(read_varint(r) % PROG_RESULTS_MAX) : 0;
    ret->num = read_num(r, head);
}

static void write_addr(struct buf *out, const struct value *v)
{
    uint64_t bytes;
    uint8_t head = num_head(v->num, &bytes);

    buf_u8(out, (uint8_t)(head | v->base << NUM_BASE_SHIFT));
    if (v->base == VALUE_RESULT) {
        write_varint(out, v->ref);
    }
    buf_le(out, bytes, head & NUM_LEN_MASK);
}

/* Low bit: a file; else a number whose sign is in the next bit. */
static void read_fd(struct reader *r, struct value *ret)
{
    uint64_t v = read_varint(r);

    if (v & 1) {
        *ret = (struct value){VALUE_FILE, (uint16_t)((v >> 1) % PROG_FILES_MAX), 0};
    } else {
        *ret = (struct value){VALUE_NUM, 0, v & 2 ? ~(v >> 2) : v >> 2};
    }
}

static void write_fd(struct buf *out, const struct value *v)
{
    if (v->base == VALUE_FILE) {
        write_varint(out, (uint64_t)v->ref << 1 | 1);
    } else if (v->num >> 63) {
        write_varint(out, ~v->num << 2 | 2);
    } else {
        write_varint(out, v->num << 2);
    }
}

/* Low bit: an advice with a name, by number. */
static uint64_t read_advice(struct reader *r)
{
    uint64_t v = read_varint(r);

    return v & 1 ? abi_advice_known(ABI_ADVICE_NAMED + (v >> 1) % 256) : v >> 1;
}

static void write_advice(struct buf *out, uint64_t advice)
{
    write_varint(out,
                 advice < ABI_ADVICE_NAMED ? advice << 1 : (advice - ABI_ADVICE_NAMED) << 1 | 1);
}

static void read_arg(struct reader *r, enum arg_kind kind, struct value *ret)
{
    *ret = (struct value){0};
    switch (kind) {
    case ARG_ADDR:
    case ARG_ADDR_OPT:
        read_addr(r, ret);
        break;
    case ARG_FD:
        read_fd(r, ret);
        break;
    case ARG_PROT:
    case ARG_MAPFLAGS:
    case ARG_MREMAPFLAGS:
    case ARG_MSYNCFLAGS:
        ret->num = read_varint(r);
        break;
    case ARG_ADVICE:
        ret->num = read_advice(r);
        break;
    case ARG_BYTE:
    case ARG_ERRNO:
        ret->num = read_u8(r);
        break;
    default:
        ret->num = read_num(r, read_u8(r));
        break;
    }
}

static void write_arg(struct buf *out, enum arg_kind kind, const struct value *v)
{
    switch (kind) {
    case ARG_ADDR:
    case ARG_ADDR_OPT:
        write_addr(out, v);
        break;
    case ARG_FD:
        write_fd(out, v);
        break;
    case ARG_PROT:
    case ARG_MAPFLAGS:
    case ARG_MREMAPFLAGS:
    case ARG_MSYNCFLAGS:
        write_varint(out, v->num);
        break;
    case ARG_ADVICE:
        write_advice(out, v->num);
        break;
    case ARG_BYTE:
    case ARG_ERRNO:
        buf_u8(out, (uint8_t)v->num);
        break;
    default:
        write_num(out, v->num);
        break;
    }
}

static enum arg_kind expect_arg_kind(enum op_kind kind)
{
    switch (op_descs[kind].result) {
    case OP_RESULT_ADDR:
        return ARG_ADDR;
    case OP_RESULT_BYTE:
        return ARG_BYTE;
    default:
        return ARG_NONE;
    }
}

static void read_expect(struct reader *r, enum op_kind kind, unsigned expect, struct expect *ret)
{
    enum arg_kind arg = expect_arg_kind(kind);

    *ret = (struct expect){.kind = (uint8_t)expect};
    if (expect == EXPECT_ERRNO) {
        ret->err = read_u8(r);
    } else if (expect == EXPECT_VALUE && arg != ARG_NONE) {
        read_arg(r, arg, &ret->value);
    }
}

static void read_op(struct reader *r, uint8_t tag, struct op *ret)
{
    enum op_kind kind = (enum op_kind)((tag & TAG_KIND_MASK) % OP_KIND_COUNT);
    const struct op_desc *d = &op_descs[kind];

    *ret = (struct op){.kind = (uint8_t)kind, .result = OP_NO_RESULT};
    if (d->result == OP_RESULT_ADDR) {
        uint64_t name = read_varint(r) % (PROG_RESULTS_MAX + 1);

        ret->result = name ? (uint16_t)(name - 1) : OP_NO_RESULT;
    }
    /* The flags are read before the argument that depends on them. */
    for (unsigned i = 0; i < op_args_used(ret); i++) {
        read_arg(r, d->arg[i], &ret->arg[i]);
    }
    read_expect(r, kind, tag >> TAG_KIND_BITS, &ret->expect);
}

static void write_op(struct buf *out, const struct op *op)
{
    const struct op_desc *d = &op_descs[op->kind];
    enum arg_kind value = expect_arg_kind(op->kind);

    buf_u8(out, (uint8_t)(op->kind | op->expect.kind << TAG_KIND_BITS));
    if (d->result == OP_RESULT_ADDR) {
        write_varint(out, op->result == OP_NO_RESULT ? 0 : op->result + 1u);
    }
    for (unsigned i = 0; i < op_args_used(op); i++) {
        write_arg(out, d->arg[i], &op->arg[i]);
    }
    if (op->expect.kind == EXPECT_ERRNO) {
        buf_u8(out, op->expect.err);
    } else if (op->expect.kind == EXPECT_VALUE && value != ARG_NONE) {
        write_arg(out, value, &op->expect.value);
    }
}

static void read_config(struct reader *r, struct prog_config *c)
{
    enum config_key key = (enum config_key)(read_u8(r) % CONFIG_KEY_COUNT);

    c->given |= (uint8_t)(1u << key);
    c->value[key] =
        key == CONFIG_RESERVED ? read_num(r, read_u8(r)) : config_value_at(key, read_u8(r));
}

/* More of them than there may be are read and forgotten: 0 or -ENOMEM. */
static int read_head(struct reader *r, uint8_t tag, struct prog *p)
{
    unsigned record = (tag & TAG_KIND_MASK) % HEAD_RECORD_COUNT;
    struct prog_require require = {0};
    int ret = 0;

    if (record == HEAD_CONFIG) {
        read_config(r, &p->config);
    } else if (record == HEAD_REQUIRE) {
        require.kind = read_u8(r) % REQUIRE_KIND_COUNT;
        if (require_has_value(require.kind)) {
            require.value = require_value_at(require.kind, read_u8(r));
        }
        ret = prog_add_require(p, require);
    } else {
        struct prog_file file = {read_num(r, read_u8(r)), (uint8_t)(record - HEAD_FILE)};

        ret = prog_add_file(p, file);
    }
    return ret == -ENOMEM ? ret : 0;
}

/* FNV-1a, 32 bits. */
static uint32_t seal_of(const uint8_t *data, size_t len)
{
    uint32_t hash = 0x811c9dc5;

    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ data[i]) * 0x01000193;
    }
    return hash;
}

/* Pass over the first bytes; true if what follows is sealed and whole. */
static bool read_start(struct reader *r)
{
    uint32_t seal = 0;

    if (r->len == 0 || r->data[0] != PROG_CODEC_MAGIC) {
        return false;
    }
    read_u8(r);
    if (!(read_u8(r) & CODEC_SEALED)) {
        return false;
    }
    for (unsigned i = 0; i < SEAL_LEN; i++) {
        seal |= (uint32_t)read_u8(r) << (8 * i);
    }
    return seal == seal_of(r->data + r->at, r->len - r->at);
}

int prog_decode(struct prog *p, const uint8_t *data, size_t len)
{
    struct reader r = {data, u64_min(len, PROG_BYTES_MAX), 0};
    bool sealed = read_start(&r);

    prog_clear(p);
    while (r.at < r.len && p->ops.n < PROG_OPS_MAX) {
        uint8_t tag = read_u8(&r);

        if (tag >> TAG_KIND_BITS == TAG_HEAD) {
            if (read_head(&r, tag, p) < 0) {
                prog_clear(p);
                return -ENOMEM;
            }
            continue;
        }
        if (vec_reserve(&p->ops, p->ops.n + 1) < 0) {
            prog_clear(p);
            return -ENOMEM;
        }
        read_op(&r, tag, &p->ops.v[p->ops.n++]);
    }
    if (!sealed) {
        prog_drop_expectations(p);
    }
    prog_fixup(p);
    return 0;
}

static void write_head_tag(struct buf *out, unsigned record)
{
    buf_u8(out, (uint8_t)(TAG_HEAD << TAG_KIND_BITS | record));
}

static void write_config(struct buf *out, const struct prog_config *c)
{
    for (unsigned key = 0; key < CONFIG_KEY_COUNT; key++) {
        if (!(c->given & (1u << key))) {
            continue;
        }
        write_head_tag(out, HEAD_CONFIG);
        buf_u8(out, (uint8_t)key);
        if (key == CONFIG_RESERVED) {
            write_num(out, c->value[key]);
        } else {
            buf_u8(out, (uint8_t)config_value_index((enum config_key)key, c->value[key]));
        }
    }
}

static bool expects_something(const struct prog *p)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        if (p->ops.v[i].expect.kind != EXPECT_NONE) {
            return true;
        }
    }
    return false;
}

static void write_records(struct buf *out, const struct prog *p)
{
    write_config(out, &p->config);
    for (size_t i = 0; i < p->requires.n; i++) {
        const struct prog_require *require = &p->requires.v[i];

        write_head_tag(out, HEAD_REQUIRE);
        buf_u8(out, require->kind);
        if (require_has_value(require->kind)) {
            buf_u8(out, (uint8_t)require_value_index(require->kind, require->value));
        }
    }
    for (size_t i = 0; i < p->files.n; i++) {
        write_head_tag(out, HEAD_FILE + p->files.v[i].open);
        write_num(out, p->files.v[i].size);
    }
    for (size_t i = 0; i < p->ops.n; i++) {
        write_op(out, &p->ops.v[i]);
    }
}

void prog_encode(const struct prog *p, struct buf *out)
{
    bool sealed = expects_something(p);
    size_t records;

    buf_u8(out, PROG_CODEC_MAGIC);
    buf_u8(out, sealed ? CODEC_VERSION | CODEC_SEALED : CODEC_VERSION);
    if (sealed) {
        buf_le(out, 0, SEAL_LEN);
    }
    records = out->len;
    write_records(out, p);
    if (sealed && !buf_failed(out)) {
        uint32_t seal = seal_of((const uint8_t *)out->data + records, out->len - records);

        for (unsigned i = 0; i < SEAL_LEN; i++) {
            out->data[records - SEAL_LEN + i] = (char)(uint8_t)(seal >> (8 * i));
        }
    }
}

enum prog_format prog_guess_format(const char *name, const uint8_t *data, size_t len)
{
    size_t n = name ? strlen(name) : 0;

    if (n > 3 && strcmp(name + n - 3, ".tm") == 0) {
        return PROG_FORMAT_TEXT;
    }
    return text_first_bad((const char *)data, len) == len ? PROG_FORMAT_TEXT : PROG_FORMAT_BINARY;
}

bool prog_engine_file(const char *path)
{
    static const char *const prefixes[] = {"crash-", "timeout-",   "leak-",
                                           "oom-",   "slow-unit-", "id:"};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t n = strlen(name);

    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return n > 4 && strcmp(name + n - 4, ".bin") == 0;
}

int prog_decode_any(struct prog *p, const uint8_t *data, size_t len)
{
    bool is_text = len > 0 && data[0] != PROG_CODEC_MAGIC &&
                   prog_guess_format("", data, len) == PROG_FORMAT_TEXT &&
                   prog_parse(p, "input", (const char *)data, len, NULL) == 0;

    if (!is_text) {
        return prog_decode(p, data, len);
    }
    prog_drop_expectations(p);
    return 0;
}

static int load_bytes(struct prog *p, const char *path, enum prog_format format,
                      const struct buf *b, struct err *e)
{
    const uint8_t *data = (const uint8_t *)buf_text(b);
    int r;

    if (b->len == 0) {
        return err_set(e, -EINVAL, "%s: empty file, expected a program", path);
    }
    if (format == PROG_FORMAT_AUTO && prog_engine_file(path)) {
        r = prog_decode_any(p, data, b->len);
        return r < 0 ? err_set(e, r, "%s: out of memory", path) : 0;
    }
    if (format == PROG_FORMAT_AUTO) {
        format = prog_guess_format(path, data, b->len);
    }
    if (format == PROG_FORMAT_TEXT) {
        r = prog_parse(p, path, b->data, b->len, e);
        if (r == 0 && p->ops.n == 0) {
            r = err_set(e, -EINVAL, "%s: no ops, expected at least one", path);
        }
        return r;
    }
    r = prog_decode(p, data, b->len);
    return r < 0 ? err_set(e, r, "%s: out of memory", path) : 0;
}

int prog_load(struct prog *p, const char *path, enum prog_format format, struct err *e)
{
    struct buf b = BUF_INIT;
    int r;

    prog_clear(p);
    r = buf_read_file(&b, path, e);
    if (r == 0) {
        r = load_bytes(p, path, format, &b, e);
    }
    buf_free(&b);
    return r;
}
