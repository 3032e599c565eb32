/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/text_lex.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define READ_SHOWN_MAX 40
/* Each byte as \xNN at worst, quotes and dots. */
#define SHOWN_SIZE (4 * READ_SHOWN_MAX + 8)

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_line_last(const struct text *t, size_t at)
{
    return at >= t->len || t->text[at] == '\n';
}

/* The text of S for a message: in quotes, cut, unprintable bytes in hex. */
static void show_span(const struct text *t, struct span s, char out[static SHOWN_SIZE])
{
    size_t shown = s.len < READ_SHOWN_MAX ? s.len : READ_SHOWN_MAX;
    size_t used = 0;

    out[used++] = '\'';
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)t->text[s.at + i];
        bool plain = c >= 0x20 && c < 0x7f;

        used += (size_t)snprintf(out + used, SHOWN_SIZE - used, plain ? "%c" : "\\x%02x", c);
    }
    snprintf(out + used, SHOWN_SIZE - used, shown < s.len ? "...'" : "'");
}

static struct span word_at(const struct text *t, size_t at)
{
    struct span s = {at, 0};

    while (at + s.len < t->len && is_word_byte(t->text[at + s.len])) {
        s.len++;
    }
    return s;
}

bool text_refuse(struct text *t, struct span s, const char *fmt, ...)
{
    char read[SHOWN_SIZE];
    char expected[ERR_TEXT_MAX];
    unsigned line = 1;
    size_t line_start = 0;
    va_list ap;

    for (size_t i = 0; i < s.at; i++) {
        if (t->text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    if (s.len == 0 && s.at >= t->len) {
        snprintf(read, sizeof(read), "the end of the file");
    } else if (s.len == 0 && (t->text[s.at] == '\n' || t->text[s.at] == '\r')) {
        snprintf(read, sizeof(read), "the end of the line");
    } else {
        if (s.len == 0) {
            s = word_at(t, s.at);
            s.len += s.len == 0;
        }
        show_span(t, s, read);
    }
    va_start(ap, fmt);
    vsnprintf(expected, sizeof(expected), fmt, ap);
    va_end(ap);
    err_set(t->e, -EINVAL, "%.200s:%u:%zu: read %s, expected %s", t->name, line,
            s.at - line_start + 1, read, expected);
    t->code = -EINVAL;
    return false;
}

bool text_refuse_next(struct text *t, const char *expected)
{
    text_peek(t);
    return text_refuse(t, (struct span){t->at, 0}, "%s", expected);
}

bool text_no_memory(struct text *t)
{
    t->code = err_set(t->e, -ENOMEM, "%.200s: out of memory", t->name);
    return false;
}

char text_peek(struct text *t)
{
    while (!is_line_last(t, t->at) &&
           (t->text[t->at] == ' ' || t->text[t->at] == '\t' || t->text[t->at] == '\r')) {
        t->at++;
    }
    return is_line_last(t, t->at) || t->text[t->at] == '#' ? '\n' : t->text[t->at];
}

void text_next_line(struct text *t)
{
    while (!is_line_last(t, t->at)) {
        t->at++;
    }
    if (t->at < t->len) {
        t->at++;
    }
}

struct span text_word(struct text *t)
{
    text_peek(t);
    return word_at(t, t->at);
}

bool text_is(const struct text *t, struct span s, const char *word)
{
    return strlen(word) == s.len && memcmp(t->text + s.at, word, s.len) == 0;
}

bool text_accept(struct text *t, char c)
{
    if (text_peek(t) != c) {
        return false;
    }
    t->at++;
    return true;
}

bool text_want(struct text *t, char c)
{
    char expected[] = {'\'', c, '\'', '\0'};

    return text_accept(t, c) || text_refuse_next(t, expected);
}

bool text_want_line_done(struct text *t)
{
    return text_peek(t) == '\n' || text_refuse_next(t, "the end of the line");
}

/* Value of a digit of BASE, or BASE. */
static unsigned digit_value(char c, unsigned base)
{
    unsigned v = base;

    if (c >= '0' && c <= '9') {
        v = (unsigned)(c - '0');
    } else if (c >= 'a' && c <= 'f') {
        v = (unsigned)(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
        v = (unsigned)(c - 'A') + 10;
    }
    return v < base ? v : base;
}

enum number { NUMBER_OK, NUMBER_NONE, NUMBER_LONG };

/*
 * The word S as a number. A leading 0 would be octal to one reader and decimal to the next: none.
 */
static enum number word_number(const struct text *t, struct span s, uint64_t *ret)
{
    const char *c = t->text + s.at;
    bool hex = s.len > 2 && c[0] == '0' && (c[1] == 'x' || c[1] == 'X');
    unsigned base = hex ? 16 : 10;
    bool fits = true;
    uint64_t v = 0;

    if (s.len == 0 || (!hex && s.len > 1 && c[0] == '0')) {
        return NUMBER_NONE;
    }
    for (size_t i = hex ? 2 : 0; i < s.len; i++) {
        unsigned digit = digit_value(c[i], base);

        if (digit == base) {
            return NUMBER_NONE;
        }
        fits = fits && !__builtin_mul_overflow(v, (uint64_t)base, &v) &&
               !__builtin_add_overflow(v, (uint64_t)digit, &v);
    }
    *ret = v;
    return fits ? NUMBER_OK : NUMBER_LONG;
}

bool text_name(const struct text *t, struct span s, char letter, unsigned *ret)
{
    struct span digits = {s.at + 1, s.len - 1};
    uint64_t v;
    enum number n;

    if (s.len < 2 || t->text[s.at] != letter || digit_value(t->text[s.at + 1], 10) == 10 ||
        memchr(t->text + s.at, 'x', s.len) || memchr(t->text + s.at, 'X', s.len)) {
        return false;
    }
    n = word_number(t, digits, &v);
    *ret = n == NUMBER_OK && v < UINT32_MAX ? (unsigned)v : UINT32_MAX;
    return n != NUMBER_NONE;
}

bool text_number(struct text *t, const char *expected, uint64_t *ret)
{
    struct span s = text_word(t);

    switch (word_number(t, s, ret)) {
    case NUMBER_OK:
        t->at += s.len;
        return true;
    case NUMBER_LONG:
        return text_refuse(t, s, "a number below 2^64");
    default:
        return text_refuse(t, s, "%s", expected);
    }
}

bool text_number_signed(struct text *t, const char *expected, uint64_t *ret)
{
    struct span whole;
    uint64_t v;

    if (text_peek(t) != '-') {
        return text_number(t, expected, ret);
    }
    whole.at = t->at++;
    if (!text_number(t, expected, &v)) {
        return false;
    }
    whole.len = t->at - whole.at;
    if (v > (uint64_t)INT64_MAX + 1) {
        return text_refuse(t, whole, "a number not below -2^63");
    }
    *ret = 0 - v;
    return true;
}

/* Bytes of the UTF-8 character at C (of at most N bytes); 0 if it is none. */
static size_t utf8_len(const unsigned char *c, size_t n)
{
    size_t len = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

    if (len == 0 || len > n || c[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((c[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

size_t text_first_bad(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        unsigned char c = (unsigned char)text[at];
        size_t step = utf8_len((const unsigned char *)text + at, len - at);

        if (step == 0 || c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r')) {
            break;
        }
        at += step;
    }
    return at;
}
