/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments and expectations of an op, from text. */
#include "op/text_lex.h"

#include "base/int.h"

static const char *const arg_expected[ARG_KIND_COUNT] = {
    [ARG_NONE] = "nothing",
    [ARG_ADDR] = "an address (NULL, @N, rN, rN+N or a number)",
    [ARG_ADDR_OPT] = "an address (NULL, @N, rN, rN+N or a number)",
    [ARG_LEN] = "a length in bytes",
    [ARG_ACCESS] = "a length from 1 to 1048576",
    [ARG_PROT] = "a protection (PROT_READ|... or 0)",
    [ARG_MAPFLAGS] = "a map flag (MAP_PRIVATE|... or 0)",
    [ARG_MREMAPFLAGS] = "an mremap flag (MREMAP_MAYMOVE|... or 0)",
    [ARG_MSYNCFLAGS] = "an msync flag (MS_SYNC|... or a number)",
    [ARG_ADVICE] = "an advice (MADV_DONTNEED, ... or a number below 65536)",
    [ARG_FD] = "a file (fN) or a descriptor number",
    [ARG_OFFSET] = "an offset in bytes",
    [ARG_BYTE] = "a byte from 0 to 255",
    [ARG_COUNT] = "a count from 1 to 1000000",
    [ARG_ERRNO] = "the name of an errno",
};

/* rN, set before, and what is added to it. */
static bool parse_result(struct text *t, struct span s, unsigned result, struct value *ret)
{
    bool back;

    if (!repair_scope_has(&t->scope, result)) {
        return text_refuse(t, s, "a result that is set before");
    }
    t->at += s.len;
    *ret = (struct value){VALUE_RESULT, (uint16_t)result, 0};
    back = text_peek(t) == '-';
    if (!back && text_peek(t) != '+') {
        return true;
    }
    t->at++;
    if (!text_number(t, "a number", &ret->num)) {
        return false;
    }
    if (back) {
        ret->num = 0 - ret->num;
    }
    return true;
}

static bool parse_addr(struct text *t, const char *expected, struct value *ret)
{
    struct span s = text_word(t);
    unsigned result;

    *ret = (struct value){VALUE_NUM, 0, 0};
    if (text_accept(t, '@')) {
        ret->base = VALUE_WINDOW;
        return text_number(t, "a number", &ret->num);
    }
    if (text_is(t, s, "NULL")) {
        t->at += s.len;
        return true;
    }
    if (text_name(t, s, 'r', &result)) {
        return parse_result(t, s, result, ret);
    }
    return text_number_signed(t, expected, &ret->num);
}

static bool parse_fd(struct text *t, struct value *ret)
{
    struct span s = text_word(t);
    unsigned file;

    *ret = (struct value){VALUE_NUM, 0, 0};
    if (text_name(t, s, 'f', &file)) {
        if (file >= t->p->files.n) {
            return text_refuse(t, s, "a file that is declared (file fN size=S)");
        }
        t->at += s.len;
        *ret = (struct value){VALUE_FILE, (uint16_t)file, 0};
        return true;
    }
    s.at = t->at;
    if (!text_number_signed(t, arg_expected[ARG_FD], &ret->num)) {
        return false;
    }
    s.len = t->at - s.at;
    if (ret->num != (uint64_t)(int64_t)(int32_t)ret->num) {
        return text_refuse(t, s, "a descriptor number of 32 bits");
    }
    return true;
}

/* A word of a list may have an argument that belongs to it: MAP_ALIGNED(n), PROT_MAX(a|b). */
static struct span flag_word(struct text *t)
{
    struct span s = text_word(t);
    size_t at = s.at + s.len;

    if (s.len > 0 && at < t->len && t->text[at] == '(') {
        while (at < t->len && t->text[at] != ')' && t->text[at] != '\n') {
            at++;
        }
        if (at < t->len && t->text[at] == ')') {
            s.len = at + 1 - s.at;
        }
    }
    return s;
}

/* Bits given as a number: those of map and msync flags are the guest system's own (abi.h). */
static bool parse_flag_bits(struct text *t, enum arg_kind kind, uint64_t *ret)
{
    struct span s = text_word(t);

    if (!text_number(t, arg_expected[kind], ret)) {
        return false;
    }
    if (*ret > UINT32_MAX) {
        return text_refuse(t, s, "flags of 32 bits");
    }
    if (kind == ARG_MAPFLAGS || kind == ARG_MSYNCFLAGS) {
        *ret <<= ABI_MAP_RAW_SHIFT;
    }
    return true;
}

static bool parse_flags(struct text *t, enum arg_kind kind,
                        bool (*named)(const char *word, size_t len, uint64_t *ret), uint64_t *ret)
{
    *ret = 0;
    do {
        struct span s = flag_word(t);
        uint64_t bits;

        if (s.len > 0 && t->text[s.at] >= '0' && t->text[s.at] <= '9') {
            if (!parse_flag_bits(t, kind, &bits)) {
                return false;
            }
        } else if (s.len > 0 && named(t->text + s.at, s.len, &bits)) {
            t->at += s.len;
        } else {
            return text_refuse(t, s, "%s", arg_expected[kind]);
        }
        *ret |= bits;
    } while (text_accept(t, '|'));
    return true;
}

static bool parse_advice(struct text *t, uint64_t *ret)
{
    struct span s = text_word(t);

    if (abi_parse_advice_word(t->text + s.at, s.len, ret)) {
        t->at += s.len;
        return true;
    }
    if (!text_number(t, arg_expected[ARG_ADVICE], ret)) {
        return false;
    }
    return *ret < ABI_ADVICE_NAMED || text_refuse(t, s, "%s", arg_expected[ARG_ADVICE]);
}

static bool parse_errno(struct text *t, int *ret)
{
    struct span s = text_word(t);

    *ret = abi_errno_parse(t->text + s.at, s.len);
    if (*ret < 0) {
        return text_refuse(t, s, "%s", arg_expected[ARG_ERRNO]);
    }
    t->at += s.len;
    return true;
}

/* A number from MIN to MAX, both legal. */
static bool parse_bounded(struct text *t, enum arg_kind kind, uint64_t min, uint64_t max,
                          uint64_t *ret)
{
    struct span s = text_word(t);

    if (!text_number(t, arg_expected[kind], ret)) {
        return false;
    }
    return (*ret >= min && *ret <= max) || text_refuse(t, s, "%s", arg_expected[kind]);
}

bool text_arg(struct text *t, enum arg_kind kind, struct value *ret)
{
    int number;

    _Static_assert(PROG_ACCESS_MAX == 1048576 && PROG_COUNT_MAX == 1000000, "said in messages");
    *ret = (struct value){VALUE_NUM, 0, 0};
    switch (kind) {
    case ARG_ADDR:
    case ARG_ADDR_OPT:
        return parse_addr(t, arg_expected[kind], ret);
    case ARG_PROT:
        return parse_flags(t, kind, abi_parse_prot_word, &ret->num);
    case ARG_MAPFLAGS:
        return parse_flags(t, kind, abi_parse_mapflag_word, &ret->num);
    case ARG_MREMAPFLAGS:
        return parse_flags(t, kind, abi_parse_mremap_word, &ret->num);
    case ARG_MSYNCFLAGS:
        return parse_flags(t, kind, abi_parse_msync_word, &ret->num);
    case ARG_ADVICE:
        return parse_advice(t, &ret->num);
    case ARG_FD:
        return parse_fd(t, ret);
    case ARG_ACCESS:
        return parse_bounded(t, kind, 1, PROG_ACCESS_MAX, &ret->num);
    case ARG_BYTE:
        return parse_bounded(t, kind, 0, 255, &ret->num);
    case ARG_COUNT:
        return parse_bounded(t, kind, 1, PROG_COUNT_MAX, &ret->num);
    case ARG_ERRNO:
        if (!parse_errno(t, &number)) {
            return false;
        }
        ret->num = (uint64_t)number;
        return true;
    default:
        return text_number_signed(t, arg_expected[kind], &ret->num);
    }
}

static const char *expect_expected(enum op_kind kind)
{
    switch (op_descs[kind].result) {
    case OP_RESULT_ADDR:
        return "ok, an address, -1 or -1 ERRNO";
    case OP_RESULT_BYTE:
        return "a byte, ok, SIGSEGV or SIGBUS";
    default:
        return expect_kind_ok(EXPECT_FAIL, kind) ? "ok, 0, -1 or -1 ERRNO"
                                                 : "ok, SIGSEGV or SIGBUS";
    }
}

/* The failure of a call: -1, or -1 and an errno. */
static bool parse_failure(struct text *t, enum op_kind kind, struct expect *ret)
{
    struct span whole = {t->at, 0};
    uint64_t v;
    int number;

    if (!text_number_signed(t, expect_expected(kind), &v)) {
        return false;
    }
    whole.len = t->at - whole.at;
    if (v != UINT64_MAX || !expect_kind_ok(EXPECT_FAIL, kind)) {
        return text_refuse(t, whole, "%s", expect_expected(kind));
    }
    ret->kind = EXPECT_FAIL;
    if (text_peek(t) == '\n') {
        return true;
    }
    if (!parse_errno(t, &number)) {
        return false;
    }
    ret->kind = EXPECT_ERRNO;
    ret->err = (uint8_t)number;
    return true;
}

static bool parse_expected_value(struct text *t, enum op_kind kind, struct expect *ret)
{
    struct span s = text_word(t);
    uint64_t max = op_descs[kind].result == OP_RESULT_BYTE ? 255 : 0;

    ret->kind = EXPECT_VALUE;
    if (op_descs[kind].result == OP_RESULT_ADDR) {
        return parse_addr(t, expect_expected(kind), &ret->value);
    }
    if (!text_number(t, expect_expected(kind), &ret->value.num)) {
        return false;
    }
    return ret->value.num <= max || text_refuse(t, s, "%s", expect_expected(kind));
}

bool text_expect(struct text *t, enum op_kind kind, struct expect *ret)
{
    static const struct {
        const char *word;
        enum expect_kind kind;
    } words[] = {{"ok", EXPECT_OK}, {"SIGSEGV", EXPECT_SIGSEGV}, {"SIGBUS", EXPECT_SIGBUS}};
    struct span s;

    *ret = (struct expect){.kind = EXPECT_NONE};
    if (op_descs[kind].result == OP_RESULT_NONE || text_peek(t) != '=') {
        return true;
    }
    t->at++;
    if (text_peek(t) == '-') {
        return parse_failure(t, kind, ret);
    }
    s = text_word(t);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (text_is(t, s, words[i].word) && expect_kind_ok(words[i].kind, kind)) {
            t->at += s.len;
            ret->kind = words[i].kind;
            return true;
        }
    }
    return parse_expected_value(t, kind, ret);
}
