/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host call as plain data, so that the recorder in lib/host and the checkers in lib/inv share
 * one type.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Order of enum and names is that of struct host_ops. */
enum call_kind {
    CALL_MAP,
    CALL_UNMAP,
    CALL_PROTECT,
    CALL_REMAP,
    CALL_SYNC,
    CALL_ADVISE,
    CALL_FSTAT,
    CALL_PREAD,
    CALL_READ,
    CALL_WRITE,
    CALL_KIND_COUNT,
};
extern const char *const call_kind_names[CALL_KIND_COUNT];

/* One host call as the layer made it. Addresses are host addresses. */
struct trace_call {
    uint8_t kind;  /* enum call_kind */
    bool injected; /* failed by host_fail, never reached the host */
    bool refused;  /* outside the window: refused before it was made */
    int err;       /* 0 or positive errno of this system */
    uint64_t addr;
    uint64_t len;
    uint64_t addr2; /* remap: new address asked for; map, fstat, pread: fd as given */
    uint64_t len2;  /* remap: new length; map, pread: offset */
    uint32_t flags; /* map, remap, sync, advise */
    int prot;
    uint64_t result; /* map, remap: address returned */
};

/*
 * "map(0x10000, 0x4000, rw-, PRIVATE|FIXED|ANON, -1, 0) = 0x10000", addresses minus BASE (guest
 * view). A failure is "= -1 ENOMEM", with "(injected)" or "(refused: outside the window)" behind
 * it.
 */
void call_print(const struct trace_call *c, uint64_t base, struct buf *out);
