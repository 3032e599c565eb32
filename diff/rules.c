/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

#include <string.h>

#include "base/int.h"

const struct rule_desc rule_descs[RULE_COUNT] = {
#define RULE(id, name, between, scope, source, reason) {name, between, scope, source, reason},
#include "rules.def"
#undef RULE
};

_Static_assert((int)RULE_COUNT <= 64, "a set of rules is a word");

enum rule_id rule_find(const char *name)
{
    for (int i = 0; i < RULE_COUNT; i++) {
        if (strcmp(rule_descs[i].name, name) == 0) {
            return (enum rule_id)i;
        }
    }
    return RULE_NONE;
}

/* ---- the two sides by what they are ---- */

static bool of(const struct record *r, enum abi_system system)
{
    return r->place.system == system;
}

static const struct record_step *side(const struct rule_ctx *c, enum abi_system system)
{
    return of(c->a, system) ? c->x : c->y;
}

static const struct record_step *lin(const struct rule_ctx *c)
{
    return side(c, ABI_LINUX);
}

static const struct record_step *bsd(const struct rule_ctx *c)
{
    return side(c, ABI_FREEBSD);
}

static bool did(const struct record_step *s)
{
    return s->step.outcome.kind == OUTCOME_OK;
}

static bool failed(const struct record_step *s, int err)
{
    return s->step.outcome.kind == OUTCOME_FAIL && s->step.outcome.err == err;
}

static bool is(const struct rule_ctx *c, enum op_kind kind)
{
    return c->op->kind == kind;
}

/* ---- the rules ---- */

static bool rule_NOT_THERE(const struct rule_ctx *c)
{
    return (c->x->step.outcome.kind == OUTCOME_SKIPPED) !=
           (c->y->step.outcome.kind == OUTCOME_SKIPPED);
}

static bool rule_MPROTECT_HOLES(const struct rule_ctx *c)
{
    return is(c, OP_mprotect) && failed(lin(c), ABI_ENOMEM) && did(bsd(c));
}

static bool rule_UNALIGNED(const struct rule_ctx *c)
{
    bool range = is(c, OP_munmap) || is(c, OP_mprotect) || is(c, OP_msync) || is(c, OP_madvise);

    return range && failed(lin(c), ABI_EINVAL) &&
           (lin(c)->step.args.arg[0] & (c->a->place.page - 1)) != 0;
}

/* ---- look-up ---- */

static unsigned between(const struct rule_ctx *c)
{
    bool layer = c->a->place.host_page != 0 || c->b->place.host_page != 0;

    return RULE_PLACERS | (layer ? RULE_LAYERS : 0) |
           (c->a->place.system != c->b->place.system ? RULE_SYSTEMS : 0);
}

enum rule_id rule_excuse(const struct rule_ctx *c)
{
    static bool (*const holds[RULE_COUNT])(const struct rule_ctx *) = {
#define RULE(id, name, between, scope, source, reason) rule_##id,
#include "rules.def"
#undef RULE
    };
    unsigned are = between(c);

    for (int i = 0; i < RULE_COUNT; i++) {
        if ((rule_descs[i].between & are) && !(c->off & rule_bit((enum rule_id)i)) && holds[i](c)) {
            return (enum rule_id)i;
        }
    }
    return RULE_NONE;
}
