/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest does itself: stores, loads, running code. The host's rights decide, as they do for
 * an emulator's generated code; only a store that faults asks the layer whether the page was TB-
 * protected.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/vec.h"
#include "exec/runner_impl.h"

enum { UNPROTECT_TRIES = 2 }; /* per page */

static void outcome_signal(struct trace_step *s, int signal)
{
    s->outcome = (struct outcome){.kind = OUTCOME_SIGNAL, .signal = signal};
}

/* FAULT as the guest meets it. */
static void outcome_fault(const struct runner *r, struct trace_step *s,
                          const struct host_fault *fault)
{
    outcome_signal(s, fault->signal);
    s->outcome.has_at = true;
    s->outcome.at = h2g(&r->res->space, fault->addr);
}

static void outcome_ok(struct trace_step *s, uint64_t value)
{
    s->outcome = (struct outcome){.kind = OUTCOME_OK, .value = value};
}

/* The guest's range; false with the outcome in S if there is nothing to move. */
static bool access_range(struct runner *r, struct trace_step *s, struct range *ret)
{
    if (s->args.arg[1] == 0) {
        outcome_ok(s, 0);
        return false;
    }
    if (!guest_range_valid(&r->res->space, s->args.arg[0], s->args.arg[1], ret)) {
        outcome_signal(s, SIGSEGV);
        return false;
    }
    return true;
}

/*
 * A load or store failed and it is no fault: 0 with the program skipped if a simulated machine's
 * memory is used up, else the negative errno RC.
 */
static int access_failed(struct runner *r, struct trace_step *s, int rc)
{
    const char *what = op_descs[r->prog->ops.v[s->op].kind].name;

    if (rc != -ENOMEM || r->machine->memory == 0) {
        return err_set(r->err, rc, "%s: %s", what, strerror(-rc));
    }
    s->outcome = (struct outcome){.kind = OUTCOME_SKIPPED};
    return runner_used_up(r);
}

int runner_used_up(struct runner *r)
{
    r->over = true;
    r->res->verdict = RUN_SKIP;
    buf_clear(&r->res->reason);
    buf_fmt(&r->res->reason, "needs more than %" PRIu64 " MiB of memory on host=%s",
            r->machine->memory >> 20, r->machine->ops->name);
    return 0;
}

/* For those who make the same accesses again. */
static int keep_access(struct runner *r, enum call_kind kind, struct range range)
{
    if (!r->keep) {
        return 0;
    }
    if (vec_reserve(&r->kept, r->kept.n + 1) < 0) {
        return err_set(r->err, -ENOMEM, "out of memory");
    }
    r->kept.v[r->kept.n++] = (struct trace_call){
        .kind = kind, .addr = g2h(&r->res->space, range.start), .len = range_len(range)};
    return 0;
}

static void call_unprotect(struct runner *r, struct trace_step *s)
{
    r->fault_state.retry = r->spec.layer->page_unprotect(r->layer, r->fault_state.at) == 1;
    (void)s;
}

/* True if the store that faulted at guest address AT may be tried again. */
static bool may_retry(struct runner *r, struct trace_step *s, const struct host_fault *fault,
                      gaddr at)
{
    gaddr page = u64_align_down(at, r->res->space.guest_page);

    if (fault->signal != SIGSEGV) {
        return false;
    }
    r->fault_state.tries = page == r->fault_state.page ? r->fault_state.tries + 1 : 1;
    r->fault_state.page = page;
    r->fault_state.at = at;
    r->fault_state.retry = false;
    if (r->fault_state.tries > UNPROTECT_TRIES) {
        return false;
    }
    return runner_enter(r, s, call_unprotect) && r->fault_state.retry;
}

int runner_store(struct runner *r, struct trace_step *s)
{
    const struct space *space = &r->res->space;
    struct host_fault fault;
    struct range range;
    gaddr at;

    if (!access_range(r, s, &range)) {
        return 0;
    }
    memset(r->bytes, (int)s->args.arg[2], s->args.arg[1]);
    r->fault_state.tries = 0;
    outcome_ok(s, 0);
    at = range.start;
    for (;;) {
        int rc;

        fault = (struct host_fault){0};
        rc = host_write(r->machine->host, g2h(space, at), r->bytes, range.last - at + 1, &fault);
        if (rc == 0) {
            return keep_access(r, CALL_WRITE, range);
        }
        if (rc != -EFAULT || fault.signal == 0) {
            return access_failed(r, s, rc);
        }
        at = u64_max(at, u64_min(h2g(space, fault.addr), range.last));
        if (!may_retry(r, s, &fault, at)) {
            break;
        }
    }
    if (s->outcome.kind == OUTCOME_OK) {
        outcome_fault(r, s, &fault);
    }
    return 0;
}

int runner_load(struct runner *r, struct trace_step *s)
{
    struct host_fault fault = {0};
    struct range range;
    uint64_t len = s->args.arg[1];
    int rc;

    if (!access_range(r, s, &range)) {
        return 0;
    }
    rc = host_read(r->machine->host, g2h(&r->res->space, range.start), r->bytes, len, &fault);
    if (rc == -EFAULT && fault.signal != 0) {
        outcome_fault(r, s, &fault);
        return 0;
    }
    if (rc < 0) {
        return access_failed(r, s, rc);
    }
    outcome_ok(s, r->bytes[0]);
    s->outcome.mixed = memcmp(r->bytes, r->bytes + 1, len - 1) != 0;
    return keep_access(r, CALL_READ, range);
}

static void call_translate(struct runner *r, struct trace_step *s)
{
    if (r->spec.layer->translate(r->layer, s->args.arg[0]) == 0) {
        outcome_ok(s, 0);
    } else {
        outcome_signal(s, SIGSEGV);
    }
}

void runner_exec(struct runner *r, struct trace_step *s)
{
    if (!guest_range_valid(&r->res->space, s->args.arg[0], 1, NULL)) {
        outcome_signal(s, SIGSEGV);
        return;
    }
    runner_enter(r, s, call_translate);
}
