/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mremap in two halves: linux_mremap.c checks and decides, linux_remap.c does it. Nobody else
 * includes this.
 */
#pragma once

#include "vm/linux_int.h"

/* A call on its way: lengths rounded. */
struct linux_remap {
    uint64_t addr;
    uint64_t old_len;
    uint64_t new_len;
    uint64_t new_addr;
    uint32_t flags;
    bool to;          /* FIXED or DONTUNMAP: the caller names a new place */
    uint64_t raw_old; /* as given */
    uint64_t raw_new;
};

static inline bool linux_remap_is(const struct linux_remap *m, uint32_t flag)
{
    return (m->flags & flag) != 0;
}

/*
 * The commit of one move: [addr, old_len) to DEST, which is free, growing to new_len there.
 * old_len 0: a second map of new_len. Needs room for 8 areas and as many as the old range has.
 */
void linux_remap_move(struct vm_proc *p, const struct linux_remap *m, uint64_t dest);
/* What lies behind the first OLD_LEN bytes at ADDR grows by MORE. */
void linux_remap_extend(struct vm_proc *p, uint64_t addr, uint64_t old_len, uint64_t more);

/*
 * The last byte of A's area as a kernel has it, looked for up to LAST; soft: as far as it may
 * reach.
 */
uint64_t linux_remap_last(const struct vm_proc *p, const struct vm_area *a, uint64_t last,
                          bool soft);

/* FIXED and no change of size, 6.17 and later: area by area. */
int linux_remap_several(struct vm_proc *p, const struct linux_remap *m,
                        const struct vm_answer *seen, struct vm_reply *ret);
