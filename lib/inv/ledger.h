/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program's own calls say about contents, without a model of a kernel: which ranges are which file or fresh memory, and the
 * bytes of recent stores ("watches"). Where it does not know, it says nothing.
 */
#pragma once

#include "inv/inv.h"

struct inv_ledger *inv_ledger_new(void);
struct inv_ledger *inv_ledger_free(struct inv_ledger *l);
/* Before a program: empty. */
void inv_ledger_reset(struct inv_ledger *l, const struct prog *prog, const struct space *space);
