/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hostmap/scan.h"

#include <errno.h>
#include <string.h>

#define SHOWN_MAX 24

bool lines_next(struct lines *l, struct scan *ret)
{
    const char *newline;

    if (l->at == l->stop) {
        return false;
    }
    newline = memchr(l->at, '\n', (size_t)(l->stop - l->at));
    *ret = (struct scan){l->at, newline ? newline : l->stop};
    l->at = newline ? newline + 1 : l->stop;
    l->number++;
    return true;
}

bool scan_char(struct scan *s, char c)
{
    if (s->at == s->stop || *s->at != c) {
        return false;
    }
    s->at++;
    return true;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

static bool scan_number(struct scan *s, unsigned base, uint64_t *ret)
{
    const char *p = s->at;
    uint64_t v = 0;

    for (; p != s->stop && digit(*p) < (int)base; p++) {
        if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
            __builtin_add_overflow(v, (uint64_t)digit(*p), &v)) {
            return false;
        }
    }
    if (p == s->at) {
        return false;
    }
    s->at = p;
    *ret = v;
    return true;
}

bool scan_hex(struct scan *s, uint64_t *ret)
{
    return scan_number(s, 16, ret);
}

bool scan_dec(struct scan *s, uint64_t *ret)
{
    return scan_number(s, 10, ret);
}

bool scan_blanks(struct scan *s)
{
    const char *from = s->at;

    while (s->at != s->stop && *s->at == ' ') {
        s->at++;
    }
    return s->at != from;
}

bool scan_word(struct scan *s, struct scan *ret)
{
    const char *from = s->at;

    while (s->at != s->stop && *s->at != ' ') {
        s->at++;
    }
    *ret = (struct scan){from, s->at};
    return s->at != from;
}

bool scan_starts_with(const struct scan *s, const char *text)
{
    size_t len = strlen(text);

    return scan_left(s) >= len && memcmp(s->at, text, len) == 0;
}

bool scan_is(const struct scan *s, const char *text)
{
    return scan_left(s) == strlen(text) && scan_starts_with(s, text);
}

bool scan_rights(struct scan *s, uint8_t *ret)
{
    static const char letters[] = "rwx";
    uint8_t prot = 0;

    if (scan_left(s) < 3) {
        return false;
    }
    for (unsigned i = 0; i < 3; i++) {
        if (s->at[i] == letters[i]) {
            prot |= (uint8_t)(1u << i);
        } else if (s->at[i] != '-') {
            return false;
        }
    }
    s->at += 3;
    *ret = prot;
    return true;
}

int scan_fail(const struct lines *l, const struct scan *s, const char *what, struct err *e)
{
    char shown[SHOWN_MAX + 1];
    size_t n = scan_left(s) < SHOWN_MAX ? scan_left(s) : SHOWN_MAX;

    for (size_t i = 0; i < n; i++) {
        shown[i] = s->at[i] >= ' ' && s->at[i] <= '~' ? s->at[i] : '?';
    }
    shown[n] = '\0';
    return err_set(e, -EINVAL, "line %u: expected %s, found '%s'", l->number, what, shown);
}

int scan_push(const struct lines *l, struct region_vec *out, size_t from, struct region r,
              struct err *e)
{
    int err;

    if (out->n > from && out->v[out->n - 1].r.last >= r.r.start) {
        return err_set(e, -EINVAL, "line %u: expected a range above the one before, found 0x%llx",
                       l->number, (unsigned long long)r.r.start);
    }
    err = region_vec_push(out, r);
    return err ? err_set(e, err, "line %u: out of memory", l->number) : 0;
}
