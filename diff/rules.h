/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What two targets may show differently although both are right: rules, each with a reason, its
 * source and a program in corpus/divergences that needs it. A rule speaks of one step and of the
 * pages that its op named, never of any other page: lost bytes are not excused.
 */
#pragma once

#include "compare.h"

enum rule_between {
    RULE_SYSTEMS = 1,    /* a Linux guest and a FreeBSD guest */
    RULE_PLACERS = 2,    /* any two that choose addresses by themselves */
    RULE_LAYERS = 4,     /* a layer and anything else */
    RULE_EMULATORS = 16, /* an emulator's guest and anything else */
    RULE_LASTS = 8,      /* the named pages differ from then on, whatever the op itself showed */
};

enum rule_id {
#define RULE(id, name, between, scope, source, reason) RULE_ID_##id,
#include "rules.def"
#undef RULE
    RULE_COUNT,
    RULE_NONE = RULE_COUNT, /* nothing excuses it */
};

struct rule_desc {
    const char *name;
    unsigned between; /* enum rule_between, one of which must hold */
    const char *scope;
    const char *source;
    const char *reason;
};
extern const struct rule_desc rule_descs[RULE_COUNT];
enum rule_id rule_find(const char *name); /* RULE_NONE if unknown */

static inline uint64_t rule_bit(enum rule_id id)
{
    return UINT64_C(1) << id;
}

/* One difference. */
struct rule_ctx {
    const struct prog *prog;
    const struct op *op;
    const struct record *a, *b;           /* of the two targets */
    const struct record_step *x, *y;      /* the step on either side */
    struct region_vec before_a, before_b; /* what was mapped before it, at each side's addresses */
    enum compare_what what;
    uint64_t off; /* set of rules that do not count */
};

/* The rule by which the two may differ so, or RULE_NONE. */
enum rule_id rule_excuse(const struct rule_ctx *c);
