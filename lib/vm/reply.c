/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set of answers of a call, and which of them is taken (vm_int.h). */
#include "vm/core.h"

#include <assert.h>

void vm_reply_init(struct vm_reply *ret)
{
    *ret = (struct vm_reply){.allowed = true};
}

static bool has_err(const struct vm_reply *r, int err, uint16_t *rule)
{
    for (unsigned i = 0; i < r->n_errs; i++) {
        if (r->errs[i] == err) {
            *rule = r->err_rules[i];
            return true;
        }
    }
    return false;
}

void vm_reply_may_fail(struct vm_proc *p, enum vm_rule rule, struct vm_reply *ret)
{
    int err = vm_rules[rule].err;
    uint16_t known;

    assert(err > 0);
    vm_hit(p->vm, rule);
    if (has_err(ret, err, &known)) {
        return;
    }
    assert(ret->n_errs < VM_ERRS_MAX);
    ret->errs[ret->n_errs] = err;
    ret->err_rules[ret->n_errs] = (uint16_t)rule;
    ret->n_errs++;
}

int vm_reply_fail(struct vm_proc *p, enum vm_rule rule, const struct vm_answer *seen,
                  struct vm_reply *ret)
{
    uint16_t other;

    vm_reply_may_fail(p, rule, ret);
    ret->may_succeed = false;
    ret->any_place = false;
    ret->rule = (uint16_t)rule;
    ret->took = (struct vm_answer){.err = vm_rules[rule].err};
    ret->allowed = true;
    if (seen) {
        ret->allowed = seen->err && has_err(ret, seen->err, &other);
        if (ret->allowed) {
            ret->took.err = seen->err;
            ret->rule = other;
        }
    }
    return 0;
}

void vm_reply_value(struct vm_reply *ret, uint64_t value)
{
    ret->may_succeed = true;
    ret->took = (struct vm_answer){.value = value};
}

/* What is answered if nobody was asked. */
static void take_default(struct vm_reply *ret)
{
    if (!ret->may_succeed) {
        assert(ret->n_errs);
        ret->took = (struct vm_answer){.err = ret->errs[0]};
        ret->rule = ret->err_rules[0];
    }
}

bool vm_reply_settle(struct vm_proc *p, uint64_t len, const struct vm_answer *seen,
                     struct vm_reply *ret)
{
    take_default(ret);
    ret->allowed = true;
    if (!seen) {
        return ret->may_succeed;
    }
    if (seen->err) {
        ret->allowed = has_err(ret, seen->err, &ret->rule);
        if (ret->allowed) {
            ret->took = (struct vm_answer){.err = seen->err};
        }
        return false;
    }
    ret->allowed = ret->may_succeed && (seen->value == ret->took.value ||
                                        (ret->any_place && vm_place_legal(p, seen->value, len)));
    if (ret->allowed) {
        ret->took = (struct vm_answer){.value = seen->value};
    }
    return ret->allowed;
}
