/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a map says, read piece by piece and parsed by the rules of the host's own reader. A file of
 * the program is known by the name that files.c gave it: an emulator shows names, but need not show
 * its guest the numbers that fstat would.
 */
#include "maps.h"

#include <string.h>

#include "files.h"
#include "hostmap/scan.h"
#include "sys.h"

enum { PIECE = 65536 };

/* The text read so far of which no line is known yet. */
static struct {
    char text[PIECE];
    size_t n;
} piece;

/* "/memfd:" FILES_NAME "12 (deleted)". */
static bool file_index(const struct linux_map *m, size_t *ret)
{
    static const char before[] = "/memfd:" FILES_NAME;
    struct scan s = {m->name, m->name + m->name_len};
    uint64_t i;

    if (!scan_starts_with(&s, before)) {
        return false;
    }
    s.at += sizeof(before) - 1;
    if (!scan_dec(&s, &i)) {
        return false;
    }
    *ret = (size_t)i;
    return true;
}

/* What a row of the guest's own map is to become. */
struct put {
    struct agent *agent;
    struct range within;
};

static bool put(const struct linux_map *m, void *arg)
{
    const struct put *p = arg;
    struct region_vec *now = &p->agent->now;
    struct region r = linux_map_region(m);
    size_t i;

    if (linux_map_is_gate(m) || !range_overlaps(r.r, p->within)) {
        return true;
    }
    if (now->n == now->cap) {
        return false;
    }
    if (r.object && r.r.start < p->within.start) {
        r.offset += p->within.start - r.r.start;
    }
    r.r = range_cut(r.r, p->within);
    r.named = false;
    if (file_index(m, &i)) {
        r.object = record_file_object(i);
    }
    now->v[now->n++] = r;
    return true;
}

/* All whole lines of the piece, which are then gone. */
static bool take_lines(maps_row *row, void *arg)
{
    size_t whole = piece.n;
    struct lines l;
    struct scan s;

    while (whole > 0 && piece.text[whole - 1] != '\n') {
        whole--;
    }
    l = lines_of(piece.text, whole);
    while (lines_next(&l, &s)) {
        struct linux_map m;

        if (linux_map_parse(&l, &s, &m, NULL) < 0 || !row(&m, arg)) {
            return false;
        }
    }
    piece.n -= whole;
    memmove(piece.text, piece.text + whole, piece.n);
    return true;
}

bool maps_each(const char *path, maps_row *row, void *arg)
{
    long fd = sys_open(path, 0);
    bool ok = !sys_failed(fd);

    piece.n = 0;
    while (ok) {
        long n = sys_read((int)fd, piece.text + piece.n, PIECE - piece.n);

        if (n == 0) {
            break;
        }
        ok = !sys_failed(n);
        if (ok) {
            piece.n += (size_t)n;
            ok = take_lines(row, arg) && piece.n < PIECE;
        }
    }
    if (!sys_failed(fd)) {
        (void)sys_close((int)fd);
    }
    return ok;
}

bool maps_read(struct agent *a, struct range within)
{
    struct put p = {a, within};

    region_vec_clear(&a->now);
    return maps_each("/proc/self/maps", put, &p);
}
