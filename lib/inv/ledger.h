/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program's own calls say about contents, without a model of a kernel: which ranges are
 * which file or fresh memory, and what was stored. Where it does not know, it says nothing.
 * Bounded: it forgets rather than grows. A real fork copies it with everything else.
 */
#pragma once

#include "inv/inv.h"

/* NULL without memory. Free takes NULL and returns NULL. */
struct inv_ledger *inv_ledger_new(void);
struct inv_ledger *inv_ledger_free(struct inv_ledger *l);
/* Before a program: empty. */
void inv_ledger_reset(struct inv_ledger *l, const struct prog *prog, const struct space *space);
/*
 * CHILD, of a fork within this process, where no memory is looked at: empty, but for what PARENT
 * knows of ranges in which the host could not be mended.
 */
void inv_ledger_inherit(struct inv_ledger *child, const struct inv_ledger *parent,
                        const struct space *space);
/* Learn what CTX's step did. inv_check does it; for those who check one by one. */
void inv_ledger_step(struct inv_ledger *l, const struct inv_ctx *ctx);
