/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of invariants and the loop over it. */
#include "inv/ledger_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct inv_desc inv_descs[INV_COUNT] = {
#define INV(id, name, needs, cost, title) {name, needs, cost, title},
#include "inv/inv.def"
#undef INV
};

/* In row order; NULL: judged elsewhere or waiting (the row's needs say which). */
static inv_fn *const checks[INV_COUNT] = {
    [INV_NO_ABORT] = inv_no_abort,
    [INV_CONFINEMENT] = inv_confinement,
    [INV_LOCK_BALANCE] = inv_lock_balance,
    [INV_ERRNO_SET] = inv_errno_set,
    [INV_FLAG_DOMAIN] = inv_flag_domain,
    [INV_SUCCESS_EFFECT] = inv_success_effect,
    [INV_FAILURE_EFFECT] = inv_failure_effect,
    [INV_PLACEMENT_LEGAL] = inv_placement_legal,
    [INV_TB_INVALIDATED] = inv_tb_invalidated,
    [INV_HOST_AGREES_EQ] = inv_host_agrees_eq,
    [INV_HOST_AGREES_LT] = inv_host_agrees_lt,
    [INV_HOST_AGREES_GT] = inv_host_agrees_gt,
    [INV_RESERVATION_WHOLE] = inv_reservation_whole,
    [INV_NO_LEAK] = inv_no_leak,
    [INV_COST_BOUNDED] = inv_cost_bounded,
    [INV_CONTENTS_PRESERVED] = inv_contents_preserved,
    [INV_SHARING_KEPT] = inv_sharing_kept,
    [INV_FORK_CONSISTENT] = inv_fork_consistent,
};

static unsigned needs_met(const struct inv_view *v)
{
    const struct inv_ctx *ctx = v->ctx;

    return (ctx->flags_before && ctx->flags_after ? INV_NEEDS_FLAGS : 0u) |
           (ctx->host_after ? INV_NEEDS_HOST : 0u) |
           (ctx->host_before ? INV_NEEDS_HOST_BEFORE : 0u) |
           (ctx->memory && ctx->ledger ? INV_NEEDS_CONTENTS : 0u) |
           (v->kind == OP_fork ? INV_NEEDS_FORK : 0u);
}

/*
 * After a crash or a hang nothing else is known to be true, and an op that did not run did nothing.
 */
static bool to_be_judged(const struct inv_view *v, enum inv_id id)
{
    if (!checks[id] || (inv_descs[id].needs & ~needs_met(v))) {
        return false;
    }
    return id == INV_NO_ABORT || v->ok || v->failed || v->signal;
}

static bool violated(enum inv_id id, const struct inv_view *v, struct inv_violation *ret)
{
    if (!to_be_judged(v, id) || !checks[id](v, ret)) {
        return false;
    }
    ret->id = id;
    return true;
}

int inv_check(const struct inv_ctx *ctx, struct inv_violation *ret)
{
    struct inv_view v;

    *ret = (struct inv_violation){.id = INV_COUNT};
    inv_view_init(&v, ctx);
    if (ctx->ledger) {
        inv_ledger_note_stuck(ctx->ledger, &v);
    }
    for (unsigned id = 0; id < INV_COUNT; id++) {
        if (violated((enum inv_id)id, &v, ret)) {
            return 1;
        }
    }
    if (ctx->ledger) {
        inv_ledger_step(ctx->ledger, ctx);
    }
    return 0;
}

int inv_check_one(enum inv_id id, const struct inv_ctx *ctx, struct inv_violation *ret)
{
    struct inv_view v;

    *ret = (struct inv_violation){.id = INV_COUNT};
    inv_view_init(&v, ctx);
    if (ctx->ledger) {
        inv_ledger_note_stuck(ctx->ledger, &v);
    }
    return violated(id, &v, ret);
}

enum inv_id inv_find(const char *name)
{
    unsigned id = 0;

    while (id < INV_COUNT && strcmp(inv_descs[id].name, name) != 0) {
        id++;
    }
    return (enum inv_id)id;
}

bool inv_say(struct inv_violation *ret, const char *fmt, ...)
{
    va_list ap;
    char text[ERR_TEXT_MAX];

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    buf_clear(&ret->text);
    buf_str(&ret->text, text);
    return true;
}

bool inv_say_at(struct inv_violation *ret, struct range where, const char *fmt, ...)
{
    va_list ap;
    char text[ERR_TEXT_MAX];

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    ret->has_range = true;
    ret->where = where;
    buf_clear(&ret->text);
    buf_str(&ret->text, text);
    return true;
}

const char *inv_prot_text(unsigned prot, char buf[4])
{
    buf[0] = prot & REGION_R ? 'r' : '-';
    buf[1] = prot & REGION_W ? 'w' : '-';
    buf[2] = prot & REGION_X ? 'x' : '-';
    buf[3] = '\0';
    return buf;
}

const char *inv_flags_text(uint8_t flags, char buf[INV_FLAGS_TEXT])
{
    char prot[4];

    if (flags == 0) {
        (void)snprintf(buf, INV_FLAGS_TEXT, "free");
        return buf;
    }
    (void)snprintf(buf, INV_FLAGS_TEXT, "%s%s%s%s", inv_prot_text(flags, prot),
                   flags & PAGE_VALID ? " VALID" : "", flags & PAGE_WRITE_ORG ? " WRITE_ORG" : "",
                   flags & ~(PAGE_BITS | PAGE_VALID | PAGE_WRITE_ORG) ? " and unknown bits" : "");
    return buf;
}
