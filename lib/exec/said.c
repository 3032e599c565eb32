/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/said.h"

#include <ctype.h>
#include <string.h>

enum { LINE_MAX_SHOWN = 240, CLASS_MAX = 96 };

/* Longest first: what names an error better. */
static const char *const telling[] = {"ssertion", "ERROR:", "should not be reached",
                                      "fatal",    "rror",   "uncaught target signal"};

struct line {
    const char *at;
    size_t len;
};

static bool holds(struct line l, const char *word)
{
    return memmem(l.at, l.len, word, strlen(word)) != NULL;
}

/* The line at *AT, which moves behind it; false if there is none. */
static bool next_line(const char **at, const char *stop, struct line *ret)
{
    const char *nl;

    if (*at >= stop) {
        return false;
    }
    nl = memchr(*at, '\n', (size_t)(stop - *at));
    ret->at = *at;
    ret->len = (size_t)((nl ? nl : stop) - *at);
    *at = nl ? nl + 1 : stop;
    return true;
}

/* Blank, or what GLib puts in front of an error. */
static bool is_empty(struct line l)
{
    return strspn(l.at, " \t\r*") >= l.len;
}

static struct line find_line(const struct buf *said)
{
    const char *text = buf_text(said);
    struct line first = {text, 0};
    struct line l;

    for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++) {
        for (const char *at = text; next_line(&at, text + said->len, &l);) {
            if (holds(l, telling[i])) {
                return l;
            }
        }
    }
    for (const char *at = text; next_line(&at, text + said->len, &l);) {
        if (!is_empty(l)) {
            return l;
        }
    }
    return first;
}

void said_line(const struct buf *said, struct buf *out)
{
    struct line l = find_line(said);
    char text[LINE_MAX_SHOWN + 1];
    size_t n = 0;

    for (size_t i = 0; i < l.len && n < LINE_MAX_SHOWN; i++) {
        text[n++] = l.at[i];
    }
    text[n] = '\0';
    buf_shown(out, text);
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-' || c == '/' || c == '+';
}

/* Numbers, addresses, signs: they differ from run to run, or say nothing. */
static bool says_nothing(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (isalpha((unsigned char)word[i]) && !(word[0] == '0' && i == 1 && word[i] == 'x')) {
            return word[0] == '0' && len > 1 && word[1] == 'x';
        }
    }
    return true;
}

/* One word of a line, without the folders in front of it. */
static void add_word(const char *word, size_t len, struct buf *out)
{
    const char *slash = memrchr(word, '/', len);
    size_t start = out->len;

    if (slash) {
        len -= (size_t)(slash + 1 - word);
        word = slash + 1;
    }
    if (len == 0 || says_nothing(word, len)) {
        return;
    }
    if (start > 0) {
        buf_str(out, "_");
    }
    buf_add(out, word, len);
}

void said_class(const struct buf *said, struct buf *out)
{
    struct line l = find_line(said);
    struct buf words = BUF_INIT;
    size_t i = 0;

    if (l.len > 5 && memcmp(l.at, "qemu-", 5) == 0) { /* the emulator's name: the target has it */
        const char *colon = memchr(l.at, ':', l.len);

        i = colon ? (size_t)(colon - l.at) : 0;
    }
    while (i < l.len && words.len < CLASS_MAX) {
        size_t start = i;

        while (i < l.len && is_name(l.at[i])) {
            i++;
        }
        add_word(l.at + start, i - start, &words);
        i += i < l.len;
    }
    buf_add(out, buf_text(&words), words.len < CLASS_MAX ? words.len : CLASS_MAX);
    buf_free(&words);
}
