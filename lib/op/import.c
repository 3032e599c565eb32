/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who lives in which address space, and the two ways through the log. A task that the log does not
 * show being made belongs to the one in front of it, unless its first memory call asks for the
 * break: that is how a program begins after execve.
 */
#include "op/import_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "op/text.h"

/*
 * Touched addresses closer than this are one piece of memory, and it reaches a little further to
 * both sides.
 */
#define GROUP_GAP (UINT64_C(1) << 20)
#define GROUP_MARGIN (UINT64_C(16) * IMPORT_PAGE)

/* Above this sum of mappings a 32-bit window may be too small. */
#define NARROW_MAX (UINT64_C(1) << 30)
/* Above this one the smallest of the 64-bit windows may be, with what placement leaves unused. */
#define WIDE_MAX (UINT64_C(1) << 39)

static void work_free(struct import_work *w)
{
    prog_free(&w->out.prog);
    buf_free(&w->out.notes);
    books_free(&w->books);
    free(w->files.v);
}

/* What one way through has built up. */
static void forget(struct importer *im)
{
    for (size_t i = 0; i < im->works.n; i++) {
        work_free(&im->works.v[i]);
    }
    for (size_t i = 0; i < im->tables.n; i++) {
        free(im->tables.v[i].v);
    }
    im->works.n = 0;
    im->tables.n = 0;
    im->tasks.n = 0;
    im->pending.n = 0;
    im->next_file = 0;
    im->previous = IMPORT_NONE;
}

static void importer_free(struct importer *im)
{
    forget(im);
    for (size_t i = 0; i < im->plans.n; i++) {
        free(im->plans.v[i].touched.v);
    }
    free(im->plans.v);
    free(im->works.v);
    free(im->tasks.v);
    free(im->tables.v);
    free(im->files.v);
    free(im->births.v);
    free(im->pending.v);
    log_free(&im->log);
}

/*
 * Every clone and fork the log shows, before anybody needs them: a child's lines may come before
 * its parent's.
 */
static int find_births(struct importer *im)
{
    for (size_t i = 0; i < im->log.calls.n; i++) {
        const struct log_call *c = &im->log.calls.v[i];
        struct log_word all = {c->text, c->len};
        bool vfork = log_word_is(c->name, "vfork");
        struct import_birth b = {c->ret, c->pid, vfork || log_word_has(all, "CLONE_VM"),
                                 log_word_has(all, "CLONE_FILES")};

        if (!c->done || c->failed || c->ret == 0 ||
            (!vfork && !log_word_is(c->name, "clone") && !log_word_is(c->name, "clone3") &&
             !log_word_is(c->name, "fork"))) {
            continue;
        }
        if (vec_reserve(&im->births, im->births.n + 1) < 0) {
            return import_oom(im);
        }
        im->births.v[im->births.n++] = b;
    }
    return 0;
}

static size_t task_find(const struct importer *im, uint64_t pid)
{
    for (size_t i = 0; i < im->tasks.n; i++) {
        if (im->tasks.v[i].pid == pid) {
            return i;
        }
    }
    return IMPORT_NONE;
}

/*
 * Whether PID, of which nothing else is known, runs in somebody's address space: it never asks for
 * a break of its own.
 */
static bool looks_like_thread(const struct importer *im, uint64_t pid)
{
    for (size_t i = 0; i < im->log.calls.n; i++) {
        const struct log_call *c = &im->log.calls.v[i];

        if (c->pid == pid && import_is_memory_call(c->name)) {
            return !import_is_brk_query(c);
        }
    }
    return false;
}

static int task_new(struct importer *im, uint64_t pid, size_t *ret)
{
    struct import_task t = {.pid = pid, .space = IMPORT_NONE};
    size_t parent = im->previous;
    bool share_memory = false;
    bool share_files = false;
    bool born = false;
    int r = 0;

    for (size_t i = 0; i < im->births.n; i++) {
        const struct import_birth *b = &im->births.v[i];

        if (b->child == pid && task_find(im, b->parent) != IMPORT_NONE) {
            born = true;
            parent = task_find(im, b->parent);
            share_memory = b->share_memory;
            share_files = b->share_files;
        }
    }
    if (parent != IMPORT_NONE && !born) {
        share_memory = share_files = looks_like_thread(im, pid);
    }
    if (share_memory && parent != IMPORT_NONE) {
        t.space = im->tasks.v[parent].space;
    } else if (parent != IMPORT_NONE && im->tasks.v[parent].space != IMPORT_NONE) {
        t.brk = im->works.v[im->tasks.v[parent].space].brk;
    }
    if (share_files && parent != IMPORT_NONE) {
        t.table = im->tasks.v[parent].table;
    } else {
        r = import_table_copy(im, parent == IMPORT_NONE ? IMPORT_NONE : im->tasks.v[parent].table,
                              &t.table);
    }
    if (r == 0 && vec_reserve(&im->tasks, im->tasks.n + 1) < 0) {
        r = import_oom(im);
    }
    if (r == 0) {
        *ret = im->tasks.n;
        im->tasks.v[im->tasks.n++] = t;
    }
    return r;
}

static int by_start(const void *a, const void *b)
{
    const struct range *x = a;
    const struct range *y = b;

    return x->start < y->start ? -1 : x->start > y->start;
}

static int stand_in(struct import_ctx *x, struct range r)
{
    struct op op = {.kind = OP_mmap};

    r.start -= u64_min(r.start, GROUP_MARGIN);
    r.last = r.last > UINT64_MAX - GROUP_MARGIN ? UINT64_MAX : r.last + GROUP_MARGIN;
    op.arg[1].num = range_len(r);
    op.arg[2].num = ABI_PROT_READ | ABI_PROT_WRITE;
    op.arg[3].num = ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS | ABI_MAP_NORESERVE;
    op.arg[4] = (struct value){VALUE_NUM, 0, UINT64_MAX};
    buf_fmt(&x->w->out.notes,
            "# r%u stands for memory used without having been mapped, 0x%llx to 0x%llx\n",
            x->w->next_result, (unsigned long long)r.start, (unsigned long long)r.last);
    return import_emit_placed(x, &op, r);
}

/*
 * Memory for all that the first way through found used and never mapped: what execve had mapped,
 * mostly.
 */
static int stand_ins(struct import_ctx *x)
{
    struct import_plan *plan = x->plan;
    struct range group;
    int r = 0;

    if (x->im->scout || plan->touched.n == 0) {
        return 0;
    }
    qsort(plan->touched.v, plan->touched.n, sizeof(*plan->touched.v), by_start);
    group = plan->touched.v[0];
    for (size_t i = 1; i < plan->touched.n && r == 0; i++) {
        struct range next = plan->touched.v[i];

        if (next.start <= group.last || next.start - group.last <= GROUP_GAP) {
            group.last = u64_max(group.last, next.last);
        } else {
            r = stand_in(x, group);
            group = next;
        }
    }
    return r < 0 ? r : stand_in(x, group);
}

static int space_new(struct import_ctx *x)
{
    struct importer *im = x->im;
    struct import_work w = {.out.prog = PROG_INIT, .out.notes = BUF_INIT, .pid = x->c->pid};
    struct prog_require page = {REQUIRE_GUEST_PAGE, IMPORT_PAGE};

    w.brk = x->task->brk;
    w.brk_known = w.brk != 0;
    if (vec_reserve(&im->works, im->works.n + 1) < 0 ||
        vec_reserve(&im->plans, im->works.n + 1) < 0) {
        return import_oom(im);
    }
    x->task->space = im->works.n;
    im->works.v[im->works.n++] = w;
    if (im->plans.n < im->works.n) {
        im->plans.v[im->plans.n++] = (struct import_plan){0};
    }
    x->w = &im->works.v[x->task->space];
    x->plan = &im->plans.v[x->task->space];
    if (prog_add_require(&x->w->out.prog, page) < 0) {
        return import_oom(im);
    }
    return stand_ins(x);
}

static int memory_event(struct import_ctx *x, const struct log_event *ev)
{
    struct import_task *t = x->task;
    int r = 0;

    /* A break nobody set: this task has become another program. */
    if (t->space != IMPORT_NONE && import_is_brk_query(x->c) && ev->finish &&
        x->im->works.v[t->space].brk_known && x->im->works.v[t->space].brk != x->c->ret) {
        t->space = IMPORT_NONE;
        t->brk = 0;
        import_close_on_exec(&x->im->tables.v[t->table]);
    }
    if (t->space == IMPORT_NONE) {
        r = space_new(x);
    }
    if (r < 0) {
        return r;
    }
    x->w = &x->im->works.v[t->space];
    x->plan = &x->im->plans.v[t->space];
    return import_memory_call(x, ev->start, ev->finish);
}

static int event(struct importer *im, const struct log_event *ev)
{
    const struct log_call *c = &im->log.calls.v[ev->call];
    struct import_ctx x = {.im = im, .c = c, .call = ev->call};
    size_t task = task_find(im, c->pid);
    int r = task == IMPORT_NONE ? task_new(im, c->pid, &task) : 0;

    if (r < 0) {
        return r;
    }
    im->previous = task;
    x.task = &im->tasks.v[task];
    if (!c->done) {
        return 0; /* never came back: nobody knows what it did */
    }
    if (import_is_memory_call(c->name)) {
        return memory_event(&x, ev);
    }
    if ((log_word_is(c->name, "execve") || log_word_is(c->name, "execveat")) && !c->failed &&
        ev->finish) {
        x.task->space = IMPORT_NONE;
        x.task->brk = 0;
        import_close_on_exec(&im->tables.v[x.task->table]);
        return 0;
    }
    return import_desc_call(&x, ev->start, ev->finish);
}

static int walk(struct importer *im, bool scout)
{
    int r = 0;

    forget(im);
    im->scout = scout;
    for (size_t i = 0; i < im->log.events.n && r == 0; i++) {
        r = event(im, &im->log.events.v[i]);
    }
    return r;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/*
 * Calls that another system answers otherwise: MAP_STACK is a mere hint on Linux (vm-semantics D
 * 69), and the errno of a refusal is the recording system's own. mremap needs no mention: where
 * there is none its step is skipped.
 */
static bool only_linux(const struct prog *p)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        const struct op *op = &p->ops.v[i];

        if (op->expect.kind == EXPECT_ERRNO || op->expect.kind == EXPECT_FAIL ||
            (op->kind == OP_mmap && (op->arg[3].num & ABI_MAP_STACK))) {
            return true;
        }
    }
    return false;
}

/* Where the recording had more room than any window here, a placed call may fail. */
static void allow_no_room(struct import_work *w)
{
    struct prog *p = &w->out.prog;
    uint64_t mapped = 0;

    for (size_t i = 0; i < p->ops.n; i++) {
        const struct op *op = &p->ops.v[i];
        uint64_t len = op->kind == OP_mmap ? op->arg[1].num : 0;

        len = op->kind == OP_mremap ? op->arg[2].num : len;
        mapped = len > WIDE_MAX - mapped ? WIDE_MAX : mapped + len;
    }
    if (mapped < WIDE_MAX) {
        return;
    }
    buf_str(&w->out.notes, "# More memory than a program's window may have: a mapping is not\n"
                           "# expected to succeed.\n");
    for (size_t i = 0; i < p->ops.n; i++) {
        struct op *op = &p->ops.v[i];

        if ((op->kind == OP_mmap || op->kind == OP_mremap) && op->expect.kind == EXPECT_OK) {
            op->expect = (struct expect){.kind = EXPECT_NONE};
        }
    }
}

static int add_requires(const struct import_work *w, struct prog *p)
{
    const struct prog_require linux_only = {REQUIRE_LINUX, 0};
    const struct prog_require wide = {REQUIRE_BITS, 64};

    if (only_linux(p) && prog_add_require(p, linux_only) < 0) {
        return -ENOMEM;
    }
    return w->mapped > NARROW_MAX ? prog_add_require(p, wide) : 0;
}

/* Spaces with an op become the caller's. */
static int hand_over(struct importer *im, struct import_space **spaces, size_t *n)
{
    struct import_space *out = calloc(im->works.n ? im->works.n : 1, sizeof(*out));
    size_t count = 0;

    if (!out) {
        return import_oom(im);
    }
    for (size_t i = 0; i < im->works.n; i++) {
        struct import_work *w = &im->works.v[i];
        struct buf notes = BUF_INIT;

        if (w->out.prog.ops.n == 0) {
            continue;
        }
        allow_no_room(w);
        buf_fmt(&notes,
                "# Address space %zu of %s, process %llu. Addresses the kernel chose are results,\n"
                "# later addresses inside them are result+offset; descriptors are files.\n",
                count + 1, base_name(im->log.name), (unsigned long long)w->pid);
        buf_add(&notes, buf_text(&w->out.notes), w->out.notes.len);
        buf_free(&w->out.notes);
        w->out.notes = notes;
        if (buf_failed(&notes) || add_requires(w, &w->out.prog) < 0) {
            free(out);
            return import_oom(im);
        }
        out[count++] = w->out;
    }
    if (count == 0) {
        free(out);
        return err_set(im->e, -EINVAL,
                       "%s:1:1: no memory call in this log, expected strace -f "
                       "-e trace=%%memory,%%desc",
                       im->log.name);
    }
    for (size_t i = 0; i < im->works.n; i++) {
        if (im->works.v[i].out.prog.ops.n > 0) {
            im->works.v[i].out = (struct import_space){.prog = PROG_INIT};
        }
    }
    *spaces = out;
    *n = count;
    return 0;
}

int import_strace(const char *name, const char *text, size_t len, struct import_space **spaces,
                  size_t *n, struct err *e)
{
    struct importer im = {.e = e, .previous = IMPORT_NONE};
    int r = log_read(&im.log, name, text, len, e);

    if (r < 0) {
        return r;
    }
    r = find_births(&im);
    r = r < 0 ? r : walk(&im, true);
    r = r < 0 ? r : walk(&im, false);
    r = r < 0 ? r : hand_over(&im, spaces, n);
    importer_free(&im);
    return r;
}

void import_free(struct import_space *spaces, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        prog_free(&spaces[i].prog);
        buf_free(&spaces[i].notes);
    }
    free(spaces);
}

void import_print(const struct import_space *s, struct buf *out)
{
    buf_add(out, buf_text(&s->notes), s->notes.len);
    prog_print(&s->prog, out);
}
