/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of rules, from rules.def and unreached.def, and its counters. */
#include "vm/core.h"

const struct vm_rule_desc vm_rules[VM_RULE_COUNT] = {
#define VM_RULE(id, number, where, text) \
    [VM_RULE_##id].name = #id, [VM_RULE_##id].err = (number), [VM_RULE_##id].source = (where), \
    [VM_RULE_##id].title = (text),
#include "vm/rules.def"
#undef VM_RULE
#define VM_UNREACHED(id, reason) [VM_RULE_##id].unreached = (reason),
#include "vm/unreached.def"
#undef VM_UNREACHED
};

const uint64_t *vm_rule_hits(const struct vm *vm)
{
    return vm->hits;
}

void vm_hit(struct vm *vm, enum vm_rule rule)
{
    vm->hits[rule]++;
}
