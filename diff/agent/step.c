/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One op: the raw system call or the guarded access, then what can be seen of it. */
#include "agent.h"

#include "access.h"
#include "exec/kernel_guard.h"
#include "exec/look_at.h"
#include "maps.h"
#include "numbers.h"
#include "owned.h"
#include "sys.h"
#include "wire.h"

enum { DIGESTS_MAX = 264 };

/* What an END says. */
static struct {
    struct op_args args;
    struct outcome outcome; /* signal: enum agent_signal */
    uint8_t poison;         /* enum record_poison */
    bool has_regions;
    unsigned n_digests;
    struct record_digest digests[DIGESTS_MAX];
} now;

static void poison(enum record_poison why)
{
    now.poison = now.poison ? now.poison : (uint8_t)why;
}

/* The host must know of the step before anything of it is done. */
static void begin(const struct agent *a, enum record_what what, size_t at)
{
    now.args = (struct op_args){.file = -1};
    now.outcome = (struct outcome){.kind = OUTCOME_OK};
    now.poison = RECORD_CLEAN;
    now.has_regions = false;
    now.n_digests = 0;
    wire_begin(AGENT_BEGIN);
    wire_u8((uint8_t)what);
    wire_u32((uint32_t)at);
    wire_u32(a->process);
    wire_done();
    wire_flush();
}

static void send_region(const struct region *r)
{
    wire_u64(r->r.start);
    wire_u64(r->r.last);
    wire_u8(r->prot);
    wire_u8(r->kind);
    wire_u8(r->shared);
    wire_u64(r->object);
    wire_u64(r->offset);
}

/* Goes out with the next BEGIN. A is NULL where nothing can have been read. */
static void finish(const struct agent *a)
{
    const struct outcome *o = &now.outcome;
    uint32_t n = now.has_regions ? (uint32_t)a->now.n : 0;

    wire_begin(AGENT_END);
    wire_u8(o->kind);
    wire_u8(o->mixed);
    wire_u8(now.poison);
    wire_u8(o->has_at);
    wire_u32((uint32_t)o->err);
    wire_u8((uint8_t)o->signal);
    wire_u64(o->value);
    wire_u64(o->at);
    wire_u8(now.has_regions);
    wire_u32(n);
    for (uint32_t i = 0; i < n; i++) {
        send_region(&a->now.v[i]);
    }
    wire_u32(now.n_digests);
    for (unsigned i = 0; i < now.n_digests; i++) {
        wire_u64(now.digests[i].page);
        wire_u64(now.digests[i].sum);
        wire_u8(now.digests[i].bytes);
    }
    wire_done();
}

static void put_regions(struct agent *a)
{
    if (a->no_maps) {
        return;
    }
    now.has_regions = a->fresh || maps_read(a, a->place.within);
    a->fresh = now.has_regions;
    if (!now.has_regions) {
        poison(RECORD_FULL);
    }
}

/* Whether a page is to be looked at: without maps, whether it can be touched tells. */
static bool seems_readable(const struct agent *a, uint64_t at)
{
    const struct region *r = a->no_maps ? NULL : region_find(&a->now, at);

    return a->no_maps || (r && (r->prot & (REGION_R | REGION_W)));
}

static void put_page(struct agent *a, uint64_t at)
{
    static _Alignas(AGENT_PAGE_MAX) uint8_t bytes[AGENT_PAGE_MAX];
    struct record_digest d = {.page = u64_align_down(at, a->place.page)};
    struct access_fault fault;

    if (!range_has(a->place.within, at) || !seems_readable(a, at)) {
        return;
    }
    if (now.n_digests == DIGESTS_MAX) {
        poison(RECORD_FULL);
        return;
    }
    if (access_copy(bytes, d.page, a->place.page, &fault)) {
        d.sum = record_sum(bytes, a->place.page);
    } else if (a->no_maps && fault.signal == AGENT_SIGSEGV) {
        return;
    } else {
        d.bytes = RECORD_BYTES_NONE;
        d.sum = fault.signal;
    }
    now.digests[now.n_digests++] = d;
}

/* What a process has when it begins or is done. */
static void put_all(struct agent *a)
{
    struct look_all all = look_all_begin(&a->now, a->place.page);
    uint64_t at;

    if (a->no_maps && !a->fresh && !maps_read(a, a->place.within)) {
        poison(RECORD_FULL);
    }
    while (look_all_next(&all, &at)) {
        put_page(a, at);
    }
}

static void observe(struct agent *a, enum op_kind kind)
{
    struct look_at pages;

    if (look_at_maps(kind, a->grows)) {
        put_regions(a);
    }
    look_at_op(&pages, kind, &now.args, &now.outcome, a->place.page);
    for (unsigned i = 0; i < pages.n; i++) {
        put_page(a, pages.at[i]);
    }
}

static void answer(long ret, bool addr)
{
    if (sys_failed(ret)) {
        now.outcome = (struct outcome){
            .kind = OUTCOME_FAIL, .err = abi_errno_from_host((int)-ret), .value = UINT64_MAX};
    } else {
        now.outcome = (struct outcome){.kind = OUTCOME_OK, .value = addr ? (unsigned long)ret : 0};
    }
}

/* The flag words of KIND in this architecture's numbers; false if it cannot say the op. */
static bool say(enum op_kind kind, uint32_t *prot, uint32_t *flags)
{
    const uint64_t *a = now.args.arg;

    *prot = 0;
    *flags = 0;
    switch (kind) {
    case OP_mmap:
        return numbers_prot(a[2], prot) && numbers_mapflags(a[3], flags) && sys_mmap_sayable(a[5]);
    case OP_mprotect:
        return numbers_prot(a[2], prot);
    case OP_mremap:
        *flags = (uint32_t)a[3]; /* the same everywhere */
        return true;
    case OP_msync:
        return numbers_msync(a[2], flags);
    case OP_madvise:
        return numbers_advice(a[2], flags);
    default:
        return true;
    }
}

static void call(struct agent *c, enum op_kind kind, uint32_t prot, uint32_t flags)
{
    const uint64_t *a = now.args.arg;
    int fd = now.args.file >= 0 ? c->fds[now.args.file] : (int)a[4];

    switch (kind) {
    case OP_mmap:
        answer(sys_mmap(a[0], a[1], prot, flags, fd, a[5]), true);
        c->locks |= (a[3] & LINUX_MAP_LOCKED) != 0;
        c->grows |= (a[3] & LINUX_MAP_GROWSDOWN) != 0;
        break;
    case OP_munmap:
        answer(sys_munmap(a[0], a[1]), false);
        break;
    case OP_mprotect:
        answer(sys_mprotect(a[0], a[1], prot), false);
        break;
    case OP_mremap:
        answer(sys_mremap(a[0], a[1], a[2], flags, a[4]), true);
        break;
    case OP_msync:
        answer(sys_msync(a[0], a[1], flags), false);
        break;
    default:
        answer(sys_madvise(a[0], a[1], flags), false);
        break;
    }
}

static void touch(bool write)
{
    const uint64_t *a = now.args.arg;
    struct outcome *o = &now.outcome;
    struct access_fault fault;
    uint8_t byte = 0;

    *o = (struct outcome){.kind = OUTCOME_OK};
    if (a[1] == 0) {
        return;
    }
    if (write ? access_store(a[0], a[1], (uint8_t)a[2], &fault)
              : access_load(a[0], a[1], &byte, &o->mixed, &fault)) {
        o->value = byte;
    } else {
        *o = (struct outcome){
            .kind = OUTCOME_SIGNAL, .signal = fault.signal, .has_at = true, .at = fault.at};
    }
}

static enum record_poison guard(struct agent *a, enum op_kind kind)
{
    struct kernel_reach reach = {&a->place, &a->now, a->locks};
    enum record_poison why;

    /* how far it goes hangs on what is mapped */
    if (a->no_maps && kind == OP_mprotect) {
        (void)maps_read(a, a->place.within);
    }
    why = kernel_guard(&reach, kind, &now.args);
    return why == RECORD_CLEAN ? owned_guard(a, kind, &now.args) : why;
}

static void run(struct agent *a, enum op_kind kind)
{
    uint32_t prot;
    uint32_t flags;
    enum record_poison why;

    if (!say(kind, &prot, &flags)) {
        now.outcome = (struct outcome){.kind = OUTCOME_SKIPPED};
        return;
    }
    why = guard(a, kind);
    if (why != RECORD_CLEAN) {
        now.outcome = (struct outcome){.kind = OUTCOME_SKIPPED};
        poison(why);
        return;
    }
    a->fresh = a->fresh && kind == OP_load && !a->grows;
    if (kind == OP_store || kind == OP_load) {
        touch(kind == OP_store);
    } else {
        call(a, kind, prot, flags);
    }
    if (look_at_astray(&a->place, kind, &now.args, &now.outcome)) {
        poison(RECORD_ASTRAY);
        a->over = true;
        return;
    }
    observe(a, kind);
}

void step_run(struct agent *a, size_t at)
{
    const struct op *op = &a->prog.ops.v[at];

    begin(a, RECORD_OP, at);
    if (op->kind == OP_exec || op->kind == OP_host_fail ||
        !op_resolve(&a->how, op, &a->results, &now.args)) {
        now.outcome = (struct outcome){.kind = OUTCOME_SKIPPED};
    } else {
        run(a, (enum op_kind)op->kind);
    }
    op_results_put(&a->results, op, now.outcome.kind == OUTCOME_OK, now.outcome.value);
    finish(a);
}

void step_wait(struct agent *a, size_t at)
{
    begin(a, RECORD_OP, at);
    finish(a);
}

void step_born(struct agent *a, size_t at)
{
    a->fresh = false; /* not everything is inherited */
    begin(a, RECORD_BORN, at);
    put_regions(a);
    put_all(a);
    finish(a);
}

void step_done(struct agent *a)
{
    if (a->over) {
        return;
    }
    begin(a, RECORD_DONE, a->prog.ops.n);
    put_regions(a);
    put_all(a);
    finish(a);
}

void step_fork_begin(struct agent *a, size_t at)
{
    begin(a, RECORD_OP, at);
}

void step_fork_end(long ret)
{
    answer(ret, false);
    finish(NULL);
}
