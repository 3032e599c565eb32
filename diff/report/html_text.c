/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of anybody's as HTML. */
#include "html_int.h"

#include <inttypes.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The character at S in *CODE, its length; 0 if it is no UTF-8. */
static size_t decode(const unsigned char *s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80             ? 1
               : (s[0] & 0xe0) == 0xc0 ? 2
               : (s[0] & 0xf0) == 0xe0 ? 3
               : (s[0] & 0xf8) == 0xf0 ? 4
                                       : 0;

    if (n <= 1) {
        *code = s[0];
        return n;
    }
    *code = s[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (s[i] & 0x3f);
    }
    return *code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ? 0 : n;
}

/* Controls, marks of direction, and what is no character at all. */
static bool is_plain(uint32_t c)
{
    return (c >= 0x20 || c == '\n' || c == '\t') && !(c >= 0x7f && c < 0xa0) &&
           !(c >= 0x200e && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
           !(c >= 0x2066 && c <= 0x2069) && c != 0x61c && c != 0xfeff && (c & 0xfffe) != 0xfffe;
}

static const char *entity(uint32_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_text(const char *text, struct buf *out)
{
    const unsigned char *s = (const unsigned char *)text;

    while (*s) {
        uint32_t c;
        size_t n = decode(s, &c);
        const char *e = n == 1 ? entity(c) : NULL;

        if (e) {
            buf_str(out, e);
        } else if (n && is_plain(c)) {
            buf_add(out, s, n);
        } else {
            buf_str(out, REPLACEMENT);
        }
        s += n ? n : 1;
    }
}

void html_range(struct range r, struct buf *out)
{
    buf_fmt(out, "0x%" PRIx64 "-0x%" PRIx64, r.start, r.last);
}

void html_size(uint64_t bytes, struct buf *out)
{
    if (bytes && bytes % 1024 == 0) {
        buf_fmt(out, "%" PRIu64 " KiB", bytes / 1024);
    } else {
        buf_fmt(out, "%" PRIu64 " bytes", bytes);
    }
}
