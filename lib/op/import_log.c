/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of strace output. With or without a pid and a time in front; "<unfinished ...>" and
 * "resumed>" are joined; signals, exits and strace's own messages are passed over.
 */
#include "op/import_log.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "base/vec.h"

#define SHOWN_MAX 40

static const char unfinished[] = "<unfinished ...>";

/* One line while it is read: AT moves from TEXT to LAST. */
struct line {
    const struct log *log;
    size_t number;
    const char *text;
    const char *at;
    const char *last; /* just behind the line */
};

bool log_word_is(struct log_word w, const char *s)
{
    return w.len == strlen(s) && memcmp(w.s, s, w.len) == 0;
}

static const char *word_find(struct log_word w, const char *s)
{
    return w.len ? memmem(w.s, w.len, s, strlen(s)) : NULL;
}

bool log_word_has(struct log_word w, const char *s)
{
    return word_find(w, s) != NULL;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* How many characters of W make up the number at its start; 0 if there is none. */
static size_t number_len(struct log_word w, uint64_t *ret)
{
    size_t i = w.len > 0 && w.s[0] == '-';
    bool negative = i == 1;
    unsigned base = 10;
    uint64_t v = 0;
    size_t first;

    if (w.len >= 4 && memcmp(w.s, "NULL", 4) == 0) {
        *ret = 0;
        return 4;
    }
    if (w.len >= i + 2 && w.s[i] == '0' && w.s[i + 1] == 'x') {
        base = 16;
        i += 2;
    }
    for (first = i; i < w.len && (unsigned)digit_of(w.s[i]) < base; i++) {
        if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
            !u64_add(v, (uint64_t)digit_of(w.s[i]), &v)) {
            return 0;
        }
    }
    if (i == first) {
        return 0;
    }
    *ret = negative ? -v : v;
    return i;
}

bool log_number(struct log_word w, uint64_t *ret)
{
    return number_len(w, ret) > 0;
}

bool log_number_whole(struct log_word w, uint64_t *ret)
{
    return w.len > 0 && number_len(w, ret) == w.len;
}

bool log_number_of(struct log_word w, const char *key, uint64_t *ret)
{
    const char *at = word_find(w, key);

    if (!at) {
        return false;
    }
    at += strlen(key);
    return log_number((struct log_word){at, (size_t)(w.s + w.len - at)}, ret);
}

static int refuse(const char *name, struct log_at at, struct log_word w, const char *expected,
                  struct err *e)
{
    return err_set(e, -EINVAL, "%s:%zu:%zu: read '%.*s'%s, expected %s", name, at.line, at.column,
                   (int)u64_min(w.len, SHOWN_MAX), w.s ? w.s : "", w.len > SHOWN_MAX ? "..." : "",
                   expected);
}

int log_refuse(const struct log *l, const struct log_call *c, struct log_word w,
               const char *expected, struct err *e)
{
    struct log_at at = c->head;
    size_t offset = w.s ? (size_t)(w.s - c->text) : 0;

    if (offset < c->head_len || c->tail.line == 0) {
        at.column += offset;
    } else {
        at = c->tail;
        at.column += offset - c->head_len;
    }
    return refuse(l->name, at, w, expected, e);
}

static int refuse_line(const struct line *l, const char *expected, struct err *e)
{
    struct log_at at = {l->number, (size_t)(l->at - l->text) + 1};

    return refuse(l->log->name, at, (struct log_word){l->at, (size_t)(l->last - l->at)}, expected,
                  e);
}

static bool line_starts(const struct line *l, const char *s)
{
    return (size_t)(l->last - l->at) >= strlen(s) && memcmp(l->at, s, strlen(s)) == 0;
}

static void skip_blanks(struct line *l)
{
    while (l->at < l->last && (*l->at == ' ' || *l->at == '\t')) {
        l->at++;
    }
}

/*
 * A word of digits, and of TIME's characters too, with a blank behind it; false and nothing read if
 * there is none.
 */
static bool skip_digits(struct line *l, const char *more, uint64_t *ret)
{
    const char *p = l->at;

    while (p < l->last && (isdigit((unsigned char)*p) || (*p != '\0' && strchr(more, *p)))) {
        p++;
    }
    if (p == l->at || p == l->last || *p != ' ') {
        return false;
    }
    log_number((struct log_word){l->at, (size_t)(p - l->at)}, ret);
    l->at = p;
    skip_blanks(l);
    return true;
}

/* "[pid N]", "N", then a time of day or of the epoch. */
static uint64_t read_pid(struct line *l)
{
    uint64_t pid = 0;
    uint64_t ignored;

    if (line_starts(l, "[pid ")) {
        l->at += 5;
        skip_blanks(l);
        log_number((struct log_word){l->at, (size_t)(l->last - l->at)}, &pid);
        while (l->at < l->last && *l->at != ']') {
            l->at++;
        }
        l->at += l->at < l->last;
        skip_blanks(l);
    } else {
        skip_digits(l, "", &pid);
    }
    skip_digits(l, ":.", &ignored);
    return pid;
}

/* Behind the quoted string that begins at P. */
static const char *skip_string(const char *p, const char *last)
{
    for (p++; p < last && *p != '"'; p++) {
        p += *p == '\\' && p + 1 < last;
    }
    return p < last ? p + 1 : p;
}

static struct log_word trimmed(const char *s, const char *last)
{
    while (s < last && *s == ' ') {
        s++;
    }
    while (last > s && last[-1] == ' ') {
        last--;
    }
    return (struct log_word){s, (size_t)(last - s)};
}

static void add_arg(struct log_call *c, const char *s, const char *last)
{
    if (c->n_args < LOG_ARGS_MAX) {
        c->arg[c->n_args] = trimmed(s, last);
    }
    c->n_args++;
}

/* "= 0x7f...", "= -1 ENOENT (...)", "= ?": the last one never came back. */
static int read_result(const struct log *l, struct log_call *c, struct log_word w, struct err *e)
{
    const char *last = w.s + w.len;
    const char *p = w.s;

    if (w.len == 0 || *p != '=') {
        return log_refuse(l, c, w, "'=' and the result of the call", e);
    }
    w = trimmed(p + 1, last);
    if (w.len > 0 && w.s[0] == '?') {
        return 0;
    }
    if (!log_number(w, &c->ret)) {
        return log_refuse(l, c, w, "the result of the call", e);
    }
    c->done = true;
    if (w.len > 3 && memcmp(w.s, "-1 ", 3) == 0) {
        c->failed = true;
        p = w.s + 3;
        while (p < last && (isalnum((unsigned char)*p))) {
            p++;
        }
        c->errname = (struct log_word){w.s + 3, (size_t)(p - w.s - 3)};
    }
    return 0;
}

/* C's text is complete: arguments up to the closing bracket, then the result. */
static int split_call(const struct log *l, struct log_call *c, struct err *e)
{
    const char *last = c->text + c->len;
    const char *arg = c->text;
    const char *p = c->text;
    unsigned depth = 0;

    c->n_args = 0;
    while (p < last && (*p != ')' || depth > 0)) {
        if (*p == '"') {
            p = skip_string(p, last);
            continue;
        }
        depth += *p == '(' || *p == '[' || *p == '{';
        depth -= depth > 0 && (*p == ')' || *p == ']' || *p == '}');
        if (*p == ',' && depth == 0) {
            add_arg(c, arg, p);
            arg = p + 1;
        }
        p++;
    }
    if (p == last) {
        return log_refuse(l, c, (struct log_word){last, 0}, "')' at the end of the arguments", e);
    }
    if (c->n_args > 0 || trimmed(arg, p).len > 0) {
        add_arg(c, arg, p);
    }
    return read_result(l, c, trimmed(p + 1, last), e);
}

static int add_event(struct log *l, size_t call, bool start, bool finish)
{
    if (vec_reserve(&l->events, l->events.n + 1) < 0) {
        return -ENOMEM;
    }
    l->events.v[l->events.n++] = (struct log_event){call, start, finish};
    return 0;
}

/* The call's name and its opening bracket. */
static int read_name(struct line *at, struct log_word *ret, struct err *e)
{
    const char *name = at->at;

    while (at->at < at->last && (isalnum((unsigned char)*at->at) || *at->at == '_')) {
        at->at++;
    }
    *ret = (struct log_word){name, (size_t)(at->at - name)};
    if (ret->len == 0 || at->at == at->last || *at->at != '(') {
        at->at = name;
        return refuse_line(at, "a call, name(...) = result", e);
    }
    at->at++;
    return 0;
}

static int start_call(struct log *l, struct line *at, uint64_t pid, struct err *e)
{
    size_t mark_len = sizeof(unfinished) - 1;
    struct log_call c = {.pid = pid};
    int r = read_name(at, &c.name, e);

    if (r < 0) {
        return r;
    }
    c.head = (struct log_at){at->number, (size_t)(at->at - at->text) + 1};
    c.len = (size_t)(at->last - at->at);
    c.open = c.len >= mark_len && memcmp(at->last - mark_len, unfinished, mark_len) == 0;
    c.len -= c.open ? mark_len : 0;
    c.head_len = c.len;
    c.text = malloc(c.len + 1);
    if (!c.text || vec_reserve(&l->calls, l->calls.n + 1) < 0) {
        free(c.text);
        return -ENOMEM;
    }
    memcpy(c.text, at->at, c.len);
    l->calls.v[l->calls.n++] = c;
    if (add_event(l, l->calls.n - 1, true, !c.open) < 0) {
        return -ENOMEM;
    }
    return c.open ? 0 : split_call(l, &l->calls.v[l->calls.n - 1], e);
}

/*
 * "<... NAME resumed>" and the rest of a call that is open. One that is not was under way when
 * recording began.
 */
static int resume_call(struct log *l, struct line *at, uint64_t pid, struct err *e)
{
    static const char resumed[] = "resumed>";
    const char *p = memmem(at->at, (size_t)(at->last - at->at), resumed, sizeof(resumed) - 1);
    size_t i = l->calls.n;
    struct log_call *c;
    size_t tail_len;
    char *text;

    if (!p) {
        return refuse_line(at, "'<... NAME resumed>'", e);
    }
    while (i > 0 && l->calls.v[i - 1].pid != pid) {
        i--;
    }
    if (i == 0 || !l->calls.v[i - 1].open) {
        return 0;
    }
    c = &l->calls.v[i - 1];
    p += sizeof(resumed) - 1;
    tail_len = (size_t)(at->last - p);
    text = realloc(c->text, c->len + tail_len + 1);
    if (!text) {
        return -ENOMEM;
    }
    memcpy(text + c->len, p, tail_len);
    c->text = text;
    c->len += tail_len;
    c->open = false;
    c->tail = (struct log_at){at->number, (size_t)(p - at->text) + 1};
    if (add_event(l, i - 1, false, true) < 0) {
        return -ENOMEM;
    }
    return split_call(l, c, e);
}

static int read_line(struct log *l, struct line *at, struct err *e)
{
    uint64_t pid;

    skip_blanks(at);
    pid = read_pid(at);
    while (at->last > at->at && (at->last[-1] == ' ' || at->last[-1] == '\r')) {
        at->last--;
    }
    if (at->at == at->last || line_starts(at, "+++ ") || line_starts(at, "--- ") ||
        line_starts(at, "strace: ") || line_starts(at, "Process ") || line_starts(at, "???") ||
        line_starts(at, "restart_syscall(<")) {
        return 0;
    }
    if (line_starts(at, "<...")) {
        return resume_call(l, at, pid, e);
    }
    return start_call(l, at, pid, e);
}

int log_read(struct log *l, const char *name, const char *text, size_t len, struct err *e)
{
    const char *last = text + len;
    int r = 0;

    *l = (struct log){.name = name};
    for (size_t number = 1; text < last && r == 0; number++) {
        const char *newline = memchr(text, '\n', (size_t)(last - text));
        struct line at = {l, number, text, text, newline ? newline : last};

        r = read_line(l, &at, e);
        text = newline ? newline + 1 : last;
    }
    if (r == -ENOMEM) {
        err_set(e, r, "%s: out of memory", name);
    }
    if (r < 0) {
        log_free(l);
    }
    return r;
}

void log_free(struct log *l)
{
    for (size_t i = 0; i < l->calls.n; i++) {
        free(l->calls.v[i].text);
    }
    free(l->calls.v);
    free(l->events.v);
    *l = (struct log){0};
}
