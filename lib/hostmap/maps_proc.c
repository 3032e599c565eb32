/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of /proc/PID/maps, parsed on any system, and what Linux's names of mappings mean. */
#include "hostmap/hostmap.h"

#include <string.h>

#include "hostmap/readers.h"
#include "hostmap/scan.h"
#include "region/object.h"

static bool name_is(const struct linux_map *m, const char *text)
{
    return m->name_len == strlen(text) && memcmp(m->name, text, m->name_len) == 0;
}

static bool name_starts_with(const struct linux_map *m, const char *text)
{
    size_t len = strlen(text);

    return m->name_len >= len && memcmp(m->name, text, len) == 0;
}

/*
 * MAP_SHARED|MAP_ANONYMOUS is a file of the kernel's own, named after the device that gave such
 * memory once.
 */
static bool is_shared_anon(const struct linux_map *m)
{
    return m->shared && (name_is(m, "/dev/zero (deleted)") || name_starts_with(m, "[anon_shmem:"));
}

static enum region_kind kind_of(const struct linux_map *m)
{
    if (is_shared_anon(m) || name_starts_with(m, "[anon:")) {
        return REGION_ANON;
    }
    if (m->name_len && m->name[0] == '[') {
        return REGION_SPECIAL;
    }
    return m->name_len || m->inode || m->major || m->minor ? REGION_FILE : REGION_ANON;
}

struct region linux_map_region(const struct linux_map *m)
{
    struct region r = {
        .r = {m->start, m->next - 1},
        .prot = m->prot,
        .kind = (uint8_t)kind_of(m),
        .shared = m->shared,
        .named = m->name_len != 0,
    };

    if (m->inode || m->major || m->minor) {
        r.object = object_identity(m->major, m->minor, m->inode);
        r.offset = m->offset;
    }
    return r;
}

bool linux_map_is_gate(const struct linux_map *m)
{
    return name_is(m, "[vsyscall]");
}

static bool scan_u32_hex(struct scan *s, uint32_t *ret)
{
    struct scan before = *s;
    uint64_t v;

    if (!scan_hex(s, &v) || v > UINT32_MAX) {
        *s = before;
        return false;
    }
    *ret = (uint32_t)v;
    return true;
}

static bool scan_sharing(struct scan *s, bool *ret)
{
    *ret = scan_char(s, 's');
    return *ret || scan_char(s, 'p');
}

int linux_map_parse(const struct lines *l, struct scan *s, struct linux_map *ret, struct err *e)
{
    struct linux_map m = {0};

    if (!scan_hex(s, &m.start)) {
        return scan_fail(l, s, "a start address", e);
    }
    if (!scan_char(s, '-') || !scan_hex(s, &m.next) || m.next <= m.start) {
        return scan_fail(l, s, "'-' and an address above the start", e);
    }
    if (!scan_char(s, ' ') || !scan_rights(s, &m.prot) || !scan_sharing(s, &m.shared)) {
        return scan_fail(l, s, "rights like rwxp", e);
    }
    if (!scan_char(s, ' ') || !scan_hex(s, &m.offset)) {
        return scan_fail(l, s, "an offset", e);
    }
    if (!scan_char(s, ' ') || !scan_u32_hex(s, &m.major) || !scan_char(s, ':') ||
        !scan_u32_hex(s, &m.minor)) {
        return scan_fail(l, s, "a device like 08:01", e);
    }
    if (!scan_char(s, ' ') || !scan_dec(s, &m.inode) || (scan_left(s) && !scan_blanks(s))) {
        return scan_fail(l, s, "an inode number", e);
    }
    m.name = s->at;
    m.name_len = scan_left(s);
    *ret = m;
    return 0;
}

int hostmap_parse_proc(const char *text, size_t len, struct region_vec *out, struct err *e)
{
    struct lines l = lines_of(text, len);
    size_t from = out->n;
    struct scan s;

    while (lines_next(&l, &s)) {
        struct linux_map m;
        int err = linux_map_parse(&l, &s, &m, e);

        if (!err) {
            err = scan_push(&l, out, from, linux_map_region(&m), e);
        }
        if (err) {
            out->n = from;
            return err;
        }
    }
    return 0;
}
