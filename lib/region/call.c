/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host call as one line. The flag bits are those of host/host.h, which this folder does not
 * include; a unit test holds the two against each other.
 */
#include "region/call.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/int.h"
#include "region/region.h"

const char *const call_kind_names[CALL_KIND_COUNT] = {
    [CALL_MAP] = "map",     [CALL_UNMAP] = "unmap", [CALL_PROTECT] = "protect",
    [CALL_REMAP] = "remap", [CALL_SYNC] = "sync",   [CALL_ADVISE] = "advise",
    [CALL_FSTAT] = "fstat", [CALL_PREAD] = "pread", [CALL_READ] = "read",
    [CALL_WRITE] = "write",
};

/* By bit number. */
static const char *const map_flags[] = {"SHARED",    "PRIVATE", "FIXED",    "NOREPLACE", "ANON",
                                        "NORESERVE", "LOCKED",  "POPULATE", "NOCORE"};
static const char *const remap_flags[] = {"MAYMOVE", "FIXED", "DONTUNMAP"};
static const char *const sync_flags[] = {"ASYNC", "INVALIDATE", "SYNC"};
static const char *const advice[] = {"DONTNEED"};

enum { MAP_FIXED_FLAG = 4, REMAP_FIXED_FLAG = 2 };

static void print_flags(uint32_t flags, const char *const *names, unsigned n_names, struct buf *out)
{
    const char *bar = "";

    buf_str(out, ", ");
    for (unsigned i = 0; i < n_names; i++) {
        if (flags & (1u << i)) {
            buf_fmt(out, "%s%s", bar, names[i]);
            bar = "|";
        }
    }
    flags &= ~((1u << n_names) - 1);
    if (flags || *bar == '\0') {
        buf_fmt(out, flags ? "%s0x%x" : "%s%u", bar, flags);
    }
}

#define PRINT_FLAGS(flags, names, out) print_flags(flags, names, ARRAY_LEN(names), out)

static void print_prot(int prot, struct buf *out)
{
    buf_fmt(out, ", %c%c%c", prot & REGION_R ? 'r' : '-', prot & REGION_W ? 'w' : '-',
            prot & REGION_X ? 'x' : '-');
}

static void print_number(uint64_t v, struct buf *out)
{
    buf_fmt(out, v ? ", 0x%" PRIx64 : ", %" PRIu64, v);
}

static void print_error(const struct trace_call *c, struct buf *out)
{
#ifdef HAVE_STRERRORNAME_NP
    const char *name = strerrorname_np(c->err);
#else
    const char *name = NULL;
#endif

    if (name) {
        buf_fmt(out, "-1 %s", name);
    } else {
        buf_fmt(out, "-1 errno %d", c->err);
    }
    buf_str(out, c->injected ? " (injected)" : "");
    buf_str(out, c->refused ? " (refused: outside the window)" : "");
}

static void print_args(const struct trace_call *c, uint64_t base, struct buf *out)
{
    switch (c->kind) {
    case CALL_MAP:
        print_prot(c->prot, out);
        PRINT_FLAGS(c->flags, map_flags, out);
        buf_fmt(out, ", %" PRId64, (int64_t)c->addr2);
        print_number(c->len2, out);
        break;
    case CALL_PROTECT:
        print_prot(c->prot, out);
        break;
    case CALL_REMAP:
        print_number(c->len2, out);
        PRINT_FLAGS(c->flags, remap_flags, out);
        if (c->flags & REMAP_FIXED_FLAG) {
            buf_fmt(out, ", 0x%" PRIx64, c->addr2 - base);
        }
        break;
    case CALL_SYNC:
        PRINT_FLAGS(c->flags, sync_flags, out);
        break;
    case CALL_ADVISE:
        PRINT_FLAGS(c->flags, advice, out);
        break;
    default:
        break;
    }
}

static void print_place(const struct trace_call *c, uint64_t base, struct buf *out)
{
    if (c->kind == CALL_FSTAT) {
        buf_fmt(out, "%" PRId64, (int64_t)c->addr2);
    } else if (c->kind == CALL_PREAD) {
        buf_fmt(out, "%" PRId64 ", 0x%" PRIx64, (int64_t)c->addr2, c->len);
        print_number(c->len2, out);
    } else if (c->kind == CALL_MAP && c->addr == 0 && !(c->flags & MAP_FIXED_FLAG)) {
        buf_fmt(out, "NULL, 0x%" PRIx64, c->len);
    } else {
        buf_fmt(out, "0x%" PRIx64 ", 0x%" PRIx64, c->addr - base, c->len);
    }
}

void call_print(const struct trace_call *c, uint64_t base, struct buf *out)
{
    buf_fmt(out, "%s(", c->kind < CALL_KIND_COUNT ? call_kind_names[c->kind] : "unknown");
    print_place(c, base, out);
    print_args(c, base, out);
    buf_str(out, ") = ");
    if (c->err || c->refused) {
        print_error(c, out);
    } else if (c->kind == CALL_MAP || c->kind == CALL_REMAP) {
        buf_fmt(out, "0x%" PRIx64, c->result - base);
    } else {
        buf_str(out, "0");
    }
}
