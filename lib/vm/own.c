/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages are a process's own copies. */
#include "vm/core.h"

bool vm_private_copy(const struct vm_proc *p, uint64_t at)
{
    return vm_slot_of(p, vm_rd(p, at)) != NULL;
}
