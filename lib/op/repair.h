/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside lib/op only. The rules of a valid program, each written once, as a repair: checking is
 * repairing a copy and asking whether anything changed. A repair returns NULL for nothing to do,
 * else in words what was wrong first.
 */
#pragma once

#include "op/prog.h"

/* What the ops before this one have brought into being. */
struct repair_scope {
    size_t n_files;
    size_t n_results;
    uint16_t result[PROG_RESULTS_MAX]; /* names in order of definition */
    uint64_t defined[PROG_RESULTS_MAX / 64];
    unsigned forks;   /* kept so far */
    unsigned open;    /* of these, without their wait */
    unsigned dropped; /* forks over the bound, without their wait */
};

void repair_scope_init(struct repair_scope *s, size_t n_files);
bool repair_scope_has(const struct repair_scope *s, unsigned result);

/* Repair OP where it stands; *DROP if it has no place there at all. SCOPE is not changed. */
const char *op_repair(struct op *op, const struct repair_scope *s, bool *drop);
/* SCOPE behind the repaired OP; DROP as op_repair said. */
void repair_scope_pass(struct repair_scope *s, const struct op *op, bool drop);

/* Whether an op of KIND may expect X. */
bool expect_kind_ok(enum expect_kind x, enum op_kind kind);

const char *config_repair(struct prog_config *c);
const char *require_repair(struct prog_require *r);
const char *file_repair(struct prog_file *f);

/* Legal values by number, for the codec; any index is taken modulo. Not for CONFIG_RESERVED. */
unsigned config_value_index(enum config_key key, uint64_t value);
uint64_t config_value_at(enum config_key key, unsigned index);
/* Only for kinds with a value. */
unsigned require_value_index(enum require_kind kind, uint64_t value);
uint64_t require_value_at(enum require_kind kind, unsigned index);
