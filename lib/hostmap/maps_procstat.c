/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of FreeBSD's "procstat -v PID", parsed on any system. The listing names neither file
 * identity nor offset (object and offset stay 0), and tells shared from private only where a type
 * or a mark does: file rows without copy-on-write, and shared memory objects.
 */
#include "hostmap/hostmap.h"

#include <errno.h>
#include <string.h>

#include "base/int.h"
#include "hostmap/scan.h"

struct row {
    uint64_t pid;
    struct region r;
};

static const struct {
    char name[3];
    uint8_t kind; /* enum region_kind */
} types[] = {
    {"--", REGION_ANON},    {"df", REGION_ANON}, {"sw", REGION_ANON},  {"dd", REGION_ANON},
    {"??", REGION_ANON},    {"vn", REGION_FILE}, {"dv", REGION_FILE},  {"md", REGION_FILE},
    {"ph", REGION_SPECIAL}, {"sg", REGION_FILE}, {"gd", REGION_GUARD},
};

static bool scan_address(struct scan *s, uint64_t *ret)
{
    scan_blanks(s);
    return scan_char(s, '0') && scan_char(s, 'x') && scan_hex(s, ret);
}

static bool scan_counter(struct scan *s)
{
    uint64_t ignored;

    return scan_blanks(s) && scan_dec(s, &ignored);
}

/* Four letters up to FreeBSD 10, then five. The first is C for copy-on-write. */
static bool parse_flags(const struct scan *word, bool *cow)
{
    if (scan_left(word) < 4 || scan_left(word) > 5) {
        return false;
    }
    *cow = *word->at == 'C';
    return *cow || *word->at == '-';
}

static bool parse_type(const struct scan *word, uint8_t *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (scan_is(word, types[i].name)) {
            *kind = types[i].kind;
            return true;
        }
    }
    return false;
}

/* What follows the counters: flags, type, and a path that may be missing or hold blanks. */
static int parse_rest(const struct lines *l, struct scan *s, struct region *r, struct err *e)
{
    struct scan word;
    bool cow;

    scan_blanks(s);
    if (!scan_word(s, &word) || !parse_flags(&word, &cow)) {
        return scan_fail(l, &word, "flags like CN---", e);
    }
    scan_blanks(s);
    if (!scan_word(s, &word) || !parse_type(&word, &r->kind)) {
        return scan_fail(l, &word, "a type like vn or sw", e);
    }
    scan_blanks(s);
    r->named = scan_left(s) != 0;
    r->shared = (r->kind == REGION_FILE && !cow) || scan_starts_with(s, "posixshm@") ||
                scan_starts_with(s, "sysvshm(");
    return 0;
}

static int parse_row(const struct lines *l, struct scan *s, struct row *row, struct err *e)
{
    uint64_t next;

    scan_blanks(s);
    if (!scan_dec(s, &row->pid)) {
        return scan_fail(l, s, "a process id", e);
    }
    if (!scan_address(s, &row->r.r.start)) {
        return scan_fail(l, s, "a start address", e);
    }
    if (!scan_address(s, &next) || next <= row->r.r.start) {
        return scan_fail(l, s, "an address above the start", e);
    }
    row->r.r.last = next - 1;
    if (!scan_blanks(s) || !scan_rights(s, &row->r.prot)) {
        return scan_fail(l, s, "rights like rwx", e);
    }
    for (unsigned i = 0; i < 4; i++) {
        if (!scan_counter(s)) {
            return scan_fail(l, s, "four counters", e);
        }
    }
    return parse_rest(l, s, &row->r, e);
}

static bool is_header(const struct scan *line)
{
    struct scan s = *line;
    struct scan word;

    scan_blanks(&s);
    return scan_word(&s, &word) && scan_is(&word, "PID");
}

int hostmap_parse_procstat(const char *text, size_t len, struct region_vec *out, struct err *e)
{
    struct lines l = lines_of(text, len);
    size_t from = out->n;
    uint64_t pid = 0;
    struct scan s;

    while (lines_next(&l, &s)) {
        struct row row = {0};
        int err;

        if (l.number == 1 && is_header(&s)) {
            continue;
        }
        err = parse_row(&l, &s, &row, e);
        if (!err && out->n > from && row.pid != pid) {
            err = err_set(e, -EINVAL,
                          "line %u: expected process %llu, found %llu: one process at a time",
                          l.number, (unsigned long long)pid, (unsigned long long)row.pid);
        }
        if (!err) {
            err = scan_push(&l, out, from, row.r, e);
        }
        if (err) {
            out->n = from;
            return err;
        }
        pid = row.pid;
    }
    return 0;
}
