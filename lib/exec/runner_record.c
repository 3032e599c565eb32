/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a layer shows, written down as any other target's record: outcomes, mappings by the page
 * flags, digests of pages that an op named, at the end of each process of all it has. A run that
 * nobody watches pays nothing for it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exec/runner_model.h"

enum {
    EDGE_PAGES = 4,    /* as other targets do when a process is done, */
    DIGESTS_MAX = 256, /* and no more than so many */
    NAMED_EDGES = 2,   /* of what an op named: the pages at either end */
};

void runner_watch(struct runner *r, struct record *to, bool views)
{
    r->watched = to;
    r->watch_views = views;
}

void runner_record_begin(struct runner *r)
{
    struct record *rec = r->watched;
    const struct space *s = &r->res->space;

    if (!rec) {
        return;
    }
    r->watch_failed = false;
    rec->config = r->res->config;
    rec->place = (struct record_place){
        .system = r->spec.system,
        .bits = s->bits,
        .page = s->guest_page,
        .host_page = s->host_page,
        .real_page = s->real_page,
        .last = s->window_last,
        .min_addr = s->min_addr,
        .within = {0, s->window_last},
    };
}

/* Files by their place in the program; other objects as they are. */
static uint64_t object_name(const struct runner *r, const struct region *g)
{
    int64_t file = g->kind == REGION_FILE ? model_file(r, g->object) : -1;

    return file < 0 ? g->object : record_file_object((size_t)file);
}

/* The guest's mappings: its rights are those it asked for, whatever TB protection took away. */
static int guest_view(struct runner *r, const struct region_vec *flags, struct region_vec *out)
{
    region_vec_clear(out);
    for (size_t i = 0; i < flags->n; i++) {
        struct region g = flags->v[i];

        g.prot = (uint8_t)(g.flags & PAGE_BITS);
        g.prot |= g.flags & PAGE_WRITE_ORG ? REGION_W : 0;
        g.object = object_name(r, &g);
        if ((g.flags & PAGE_VALID) && region_vec_push(out, g) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* The guest page at AT; G is the mapping that holds it, NULL none. */
static struct record_digest digest(struct runner *r, const struct region *g, uint64_t at)
{
    struct record_digest d = {.page = at, .bytes = RECORD_BYTES_NONE};
    struct host_fault fault = {0};
    size_t len = r->res->space.guest_page;

    if (!g || !(g->prot & REGION_R)) {
        return d;
    }
    if (host_read(r->machine->host, g2h(&r->res->space, at), r->bytes, len, &fault) == 0) {
        d.bytes = RECORD_BYTES_KNOWN;
        d.sum = record_sum(r->bytes, len);
    } else {
        d.sum = (uint64_t)fault.signal;
    }
    return d;
}

static int put_digest(struct runner *r, struct record_step *s, const struct region *g, uint64_t at)
{
    return record_put_digest(r->watched, s, digest(r, g, at));
}

/* The pages at both ends of the LEN bytes at START. */
static int put_named(struct runner *r, struct record_step *s, uint64_t start, uint64_t len)
{
    const struct space *space = &r->res->space;
    uint64_t size = space->guest_page;
    struct range pages;
    uint64_t n;
    int rc = 0;

    if (!guest_range_valid(space, start, u64_max(len, 1), &pages)) {
        return 0;
    }
    pages = range_widen(pages, size);
    n = (pages.last - pages.start) / size + 1;
    for (uint64_t i = 0; rc == 0 && i < n; i++) {
        uint64_t at;

        if (i == NAMED_EDGES && n > 2 * NAMED_EDGES) {
            i = n - NAMED_EDGES;
        }
        at = pages.start + i * size;
        rc = put_digest(r, s, region_find(&r->view, at), at);
    }
    return rc;
}

static int put_op_digests(struct runner *r, struct record_step *s)
{
    const uint64_t *a = s->step.args.arg;
    bool ok = s->step.outcome.kind == OUTCOME_OK;

    switch ((enum op_kind)r->prog->ops.v[s->step.op].kind) {
    case OP_mmap:
        return put_named(r, s, ok ? s->step.outcome.value : a[0], a[1]);
    case OP_mremap:
        return put_named(r, s, ok ? s->step.outcome.value : a[0], ok ? a[2] : a[1]);
    case OP_munmap:
    case OP_mprotect:
    case OP_msync:
    case OP_madvise:
    case OP_store:
    case OP_load:
        return put_named(r, s, a[0], a[1]);
    default:
        return 0;
    }
}

/* All that the process has, with the ends of each mapping. */
static int put_all_digests(struct runner *r, struct record_step *s)
{
    uint64_t size = r->res->space.guest_page;
    unsigned left = DIGESTS_MAX;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->view.n; i++) {
        const struct region *g = &r->view.v[i];
        uint64_t pages = range_len(g->r) / size;

        for (uint64_t k = 0; rc == 0 && (g->prot & REGION_R) && k < pages && left > 0;
             k++, left--) {
            if (k == EDGE_PAGES && pages > 2 * EDGE_PAGES) {
                k = pages - EDGE_PAGES;
            }
            rc = put_digest(r, s, g, g->r.start + k * size);
        }
    }
    return rc;
}

static int put_views(struct runner *r, struct record_step *s, const struct region_vec *host)
{
    int rc = host && r->watch_views ? record_put_host(r->watched, s, host) : 0;

    if (rc == 0 && r->watch_views && r->model->on) {
        rc = model_map(r, (struct range){0, r->res->space.window_last});
        rc = rc < 0 ? rc : record_put_model(r->watched, s, &r->model->map);
    }
    return rc;
}

static struct record_step *add(struct runner *r, enum record_what what, const struct trace_step *s)
{
    struct record_step *to = record_add(r->watched, what);

    if (!to) {
        r->watch_failed = true;
        return NULL;
    }
    to->step = *s;
    to->step.process = r->process;
    to->has_at = s->outcome.has_at;
    to->at = s->outcome.at;
    return to;
}

void runner_record_step(struct runner *r, const struct trace_step *s,
                        const struct region_vec *flags, const struct region_vec *host)
{
    bool born = r->prog->ops.v[s->op].kind == OP_fork && s->process != r->process;
    struct record_step *to = r->watched ? add(r, born ? RECORD_BORN : RECORD_OP, s) : NULL;
    int rc;

    if (!to) {
        return;
    }
    rc = guest_view(r, flags, &r->view);
    rc = rc < 0 ? rc : record_put_regions(r->watched, to, &r->view);
    rc = rc < 0 || r->over ? rc : born ? put_all_digests(r, to) : put_op_digests(r, to);
    rc = rc < 0 ? rc : put_views(r, to, host);
    r->watch_failed |= rc < 0;
}

void runner_record_done(struct runner *r, const struct trace_step *last,
                        const struct region_vec *flags)
{
    static const struct trace_step none = {.args.file = -1};
    struct record_step *to = r->watched ? add(r, RECORD_DONE, last ? last : &none) : NULL;
    int rc;

    if (!to) {
        return;
    }
    rc = guest_view(r, flags, &r->view);
    rc = rc < 0 ? rc : record_put_regions(r->watched, to, &r->view);
    rc = rc < 0 || r->over ? rc : put_all_digests(r, to);
    r->watch_failed |= rc < 0;
}

struct child {
    struct runner *r;
    size_t next; /* of the runner's steps */
    unsigned n_processes;
};

static void add_outcome(struct child *c, enum record_what what, unsigned process)
{
    static const struct trace_step none = {.args.file = -1};
    bool op = what == RECORD_OP;
    struct record_step *to = add(c->r, what, op ? &c->r->steps.v[c->next++] : &none);

    if (to) {
        to->step.process = process;
    }
}

/* The ops of [AT, STOP) in PROCESS, as far as it came. */
static void add_ops(struct child *c, size_t at, size_t stop, unsigned process)
{
    const struct prog *p = c->r->prog;

    while (at < stop && c->next < c->r->steps.n) {
        bool fork = p->ops.v[at].kind == OP_fork;
        size_t next = fork ? prog_wait_of(p, at, stop) : at + 1;
        bool ok = c->r->steps.v[c->next].outcome.kind == OUTCOME_OK;

        add_outcome(c, RECORD_OP, process);
        if (fork && ok) {
            unsigned child = c->n_processes++;

            add_outcome(c, RECORD_BORN, child);
            add_ops(c, at + 1, next, child);
        }
        at = next;
    }
    if (!c->r->over) {
        add_outcome(c, RECORD_DONE, process);
    }
}

void runner_record_child(struct runner *r, size_t at, size_t stop, size_t first)
{
    struct child c = {.r = r, .next = first, .n_processes = r->n_processes + 1};

    if (r->watched) {
        add_outcome(&c, RECORD_BORN, r->n_processes);
        add_ops(&c, at + 1, stop, r->n_processes);
    }
}
