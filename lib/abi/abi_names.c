/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of constants in program syntax: printed and read from the same tables. */
#include "abi/abi.h"

#include <string.h>

#include "base/int.h"

struct name_row {
    const char *name;
    uint64_t value;
};

static const struct name_row prot_names[] = {
#define PROT(name, bit) {#name, bit},
#include "abi/prot.def"
#undef PROT
};

static const struct name_row mapflag_names[] = {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) {#name, neutral},
#include "abi/mapflag.def"
#undef MAPFLAG
};

static const struct name_row mremap_names[] = {
#define MREMAP(name, bit) {#name, bit},
#include "abi/misc.def"
};

static const struct name_row msync_names[] = {
#define MSYNC(name, neutral, linux_value, freebsd_value) {#name, neutral},
#include "abi/misc.def"
};

static const struct name_row advice_names[] = {
#define ADVICE(name, neutral, linux_value, freebsd_value) {#name, neutral},
#include "abi/misc.def"
};

/* Other spellings, read but never printed. */
static const struct name_row mapflag_aliases[] = {
    {"MAP_ANON", ABI_MAP_ANONYMOUS},
    {"MAP_SHARED_VALIDATE", ABI_MAP_SHARED | ABI_MAP_PRIVATE},
    {"MAP_ALIGNED_SUPER", ABI_MAP_ALIGNED(1)},
    {"MAP_FILE", 0},
};

/* A '|' unless it is the first word of the list that began at START. */
static void next_word(struct buf *out, size_t start)
{
    if (out->len > start) {
        buf_u8(out, '|');
    }
}

/* The names of VALUE's bits; returns the bits without one. */
static uint64_t print_names(const struct name_row *rows, size_t n, uint64_t value, struct buf *out,
                            size_t start)
{
    for (size_t i = 0; i < n; i++) {
        if (value & rows[i].value) {
            next_word(out, start);
            buf_str(out, rows[i].name);
            value &= ~rows[i].value;
        }
    }
    return value;
}

/* What has no name, and NONE if nothing was printed at all. */
static void print_rest(uint64_t rest, struct buf *out, size_t start, const char *none)
{
    if (rest) {
        next_word(out, start);
        buf_fmt(out, "0x%llx", (unsigned long long)rest);
    } else if (out->len == start) {
        buf_str(out, none);
    }
}

void abi_print_prot(uint64_t prot, struct buf *out)
{
    uint64_t max = prot >> ABI_PROT_MAX_SHIFT & ABI_PROT_RWX;
    size_t start = out->len;
    uint64_t rest = prot & ~(max << ABI_PROT_MAX_SHIFT);

    rest = print_names(prot_names, ARRAY_LEN(prot_names), rest, out, start);
    if (max) {
        next_word(out, start);
        buf_str(out, "PROT_MAX(");
        print_names(prot_names, ARRAY_LEN(prot_names), max, out, out->len);
        buf_u8(out, ')');
    }
    print_rest(rest, out, start, "PROT_NONE");
}

void abi_print_mapflags(uint64_t neutral, struct buf *out)
{
    uint64_t both = ABI_MAP_SHARED | ABI_MAP_PRIVATE;
    unsigned aligned = (neutral & ABI_MAP_ALIGNED_MASK) >> ABI_MAP_ALIGNED_SHIFT;
    uint64_t named = neutral & UINT32_MAX & ~(uint64_t)ABI_MAP_ALIGNED_MASK;
    size_t start = out->len;

    if ((named & both) == both) {
        buf_str(out, "MAP_SHARED_VALIDATE");
        named &= ~both;
    }
    print_names(mapflag_names, ARRAY_LEN(mapflag_names), named, out, start);
    if (aligned) {
        next_word(out, start);
        buf_fmt(out, "MAP_ALIGNED(%u)", aligned);
    }
    print_rest(neutral >> ABI_MAP_RAW_SHIFT, out, start, "0");
}

void abi_print_mremap(uint64_t flags, struct buf *out)
{
    size_t start = out->len;

    print_rest(print_names(mremap_names, ARRAY_LEN(mremap_names), flags, out, start), out, start,
               "0");
}

void abi_print_msync(uint64_t neutral, struct buf *out)
{
    size_t start = out->len;

    print_names(msync_names, ARRAY_LEN(msync_names), neutral & UINT32_MAX, out, start);
    print_rest(neutral >> ABI_MAP_RAW_SHIFT, out, start, "0");
}

void abi_print_advice(uint64_t neutral, struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(advice_names); i++) {
        if (advice_names[i].value == neutral) {
            buf_str(out, advice_names[i].name);
            return;
        }
    }
    buf_fmt(out, "%llu", (unsigned long long)neutral);
}

static bool word_is(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(word, name, len) == 0;
}

static bool find_name(const struct name_row *rows, size_t n, const char *word, size_t len,
                      uint64_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (word_is(word, len, rows[i].name)) {
            *ret = rows[i].value;
            return true;
        }
    }
    return false;
}

/* PREFIX, something, ')': that something. */
static bool inside(const char *word, size_t len, const char *prefix, const char **arg, size_t *n)
{
    size_t skip = strlen(prefix);

    if (len < skip + 1 || memcmp(word, prefix, skip) != 0 || word[len - 1] != ')') {
        return false;
    }
    *arg = word + skip;
    *n = len - skip - 1;
    return true;
}

/* The inside of PROT_MAX(...): protections only, nothing nested. */
static bool parse_prot_max(const char *list, size_t len, uint64_t *ret)
{
    const char *past = list + len;
    uint64_t all = 0;

    for (;;) {
        const char *bar = memchr(list, '|', (size_t)(past - list));
        size_t n = (size_t)((bar ? bar : past) - list);
        uint64_t bits = 0;

        if (!word_is(list, n, "PROT_NONE") &&
            !find_name(prot_names, ARRAY_LEN(prot_names), list, n, &bits)) {
            return false;
        }
        all |= bits;
        if (!bar) {
            break;
        }
        list = bar + 1;
    }
    if (all & ~(uint64_t)ABI_PROT_RWX) {
        return false;
    }
    *ret = all << ABI_PROT_MAX_SHIFT;
    return true;
}

bool abi_parse_prot_word(const char *word, size_t len, uint64_t *ret)
{
    const char *arg;
    size_t n;

    if (word_is(word, len, "PROT_NONE")) {
        *ret = 0;
        return true;
    }
    if (inside(word, len, "PROT_MAX(", &arg, &n)) {
        return parse_prot_max(arg, n, ret);
    }
    return find_name(prot_names, ARRAY_LEN(prot_names), word, len, ret);
}

/* MAP_ALIGNED(n), n from 1 to 255. */
static bool parse_aligned(const char *digits, size_t len, uint64_t *ret)
{
    unsigned n = 0;

    if (len == 0 || len > 3) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return false;
        }
        n = n * 10 + (unsigned)(digits[i] - '0');
    }
    if (n == 0 || n > 255) {
        return false;
    }
    *ret = ABI_MAP_ALIGNED(n);
    return true;
}

bool abi_parse_mapflag_word(const char *word, size_t len, uint64_t *ret)
{
    const char *arg;
    size_t n;

    if (inside(word, len, "MAP_ALIGNED(", &arg, &n)) {
        return parse_aligned(arg, n, ret);
    }
    return find_name(mapflag_names, ARRAY_LEN(mapflag_names), word, len, ret) ||
           find_name(mapflag_aliases, ARRAY_LEN(mapflag_aliases), word, len, ret);
}

bool abi_parse_mremap_word(const char *word, size_t len, uint64_t *ret)
{
    return find_name(mremap_names, ARRAY_LEN(mremap_names), word, len, ret);
}

bool abi_parse_msync_word(const char *word, size_t len, uint64_t *ret)
{
    return find_name(msync_names, ARRAY_LEN(msync_names), word, len, ret);
}

bool abi_parse_advice_word(const char *word, size_t len, uint64_t *ret)
{
    return find_name(advice_names, ARRAY_LEN(advice_names), word, len, ret);
}
