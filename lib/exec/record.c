/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records: their vectors, digests, and what of a program says whether it can run somewhere. */
#include "exec/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "base/vec.h"

const char *record_poison_text(enum record_poison why)
{
    static const char *const texts[RECORD_POISON_COUNT] = {
        [RECORD_CLEAN] = "",
        [RECORD_FOREIGN] = "the op would have reached memory that is not the program's",
        [RECORD_BIG] = "the op would have taken too much memory",
        [RECORD_HARMFUL] = "the op could harm the machine",
        [RECORD_BEYOND] = "the specification says nothing of huge pages",
        [RECORD_ASTRAY] = "the target put something where it is not watched",
        [RECORD_FULL] = "no room left for what the step showed",
        [RECORD_UNDEFINED] = "nobody can say what the step should show",
        [RECORD_UNSURE] = "what a kernel has merged decides, and nobody can see that",
        [RECORD_GIVEN_UP] = "the target had no memory to go on",
        [RECORD_UNSEEN] = "a child process could not be looked into",
        [RECORD_GROWN] = "one target has a stack that grows by itself",
        [RECORD_FAULT] = "a host call of one target failed on purpose",
        [RECORD_UNSAID] = "one target has no numbers for what the op says",
        [RECORD_ELSEWHERE] = "where each target placed something decides",
        [RECORD_APART] = "it meets what the targets have differently already",
        [RECORD_GARBLED] = "the agent said something that is not the protocol",
    };

    return texts[why];
}

void record_free(struct record *r)
{
    buf_free(&r->reason);
    buf_free(&r->said);
    free(r->steps.v);
    region_vec_free(&r->regions);
    free(r->digests.v);
    *r = RECORD_INIT;
}

void record_clear(struct record *r)
{
    struct record keep = *r;

    *r = RECORD_INIT;
    r->reason = keep.reason;
    r->said = keep.said;
    r->steps.v = keep.steps.v;
    r->steps.cap = keep.steps.cap;
    r->regions = keep.regions;
    r->digests.v = keep.digests.v;
    r->digests.cap = keep.digests.cap;
    buf_clear(&r->reason);
    buf_clear(&r->said);
    region_vec_clear(&r->regions);
}

int record_copy(struct record *to, const struct record *from)
{
    record_clear(to);
    if (vec_reserve(&to->steps, from->steps.n) < 0 ||
        vec_reserve(&to->digests, from->digests.n) < 0 ||
        region_vec_copy(&to->regions, &from->regions) < 0) {
        return -ENOMEM;
    }
    memcpy(to->maker, from->maker, sizeof(to->maker));
    to->config = from->config;
    to->place = from->place;
    to->skipped = from->skipped;
    buf_add(&to->reason, buf_text(&from->reason), from->reason.len);
    buf_add(&to->said, buf_text(&from->said), from->said.len);
    if (from->steps.n) {
        memcpy(to->steps.v, from->steps.v, from->steps.n * sizeof(*to->steps.v));
    }
    if (from->digests.n) {
        memcpy(to->digests.v, from->digests.v, from->digests.n * sizeof(*to->digests.v));
    }
    to->steps.n = from->steps.n;
    to->digests.n = from->digests.n;
    return buf_failed(&to->reason) || buf_failed(&to->said) ? -ENOMEM : 0;
}

struct record_step *record_add(struct record *r, enum record_what what)
{
    struct record_step *s;

    if (vec_reserve(&r->steps, r->steps.n + 1) < 0) {
        return NULL;
    }
    s = &r->steps.v[r->steps.n++];
    *s = (struct record_step){.what = (uint8_t)what, .step.args.file = -1};
    s->digests.first = (uint32_t)r->digests.n;
    return s;
}

/* The slice of the last step before S that has one, if its regions are those of ALL. */
static const struct record_slice *same_as_before(const struct record *r,
                                                 const struct record_step *s,
                                                 const struct region_vec *all)
{
    for (const struct record_step *b = s; b-- > r->steps.v;) {
        if (b->has_regions) {
            bool same = b->regions.n == all->n &&
                        (all->n == 0 || memcmp(&r->regions.v[b->regions.first], all->v,
                                               all->n * sizeof(*all->v)) == 0);

            return same ? &b->regions : NULL;
        }
    }
    return NULL;
}

/* ALL behind the record's regions. */
static int put_slice(struct record *r, struct record_slice *to, const struct region_vec *all)
{
    if (vec_reserve(&r->regions, r->regions.n + all->n) < 0) {
        return -ENOMEM;
    }
    *to = (struct record_slice){(uint32_t)r->regions.n, (uint32_t)all->n};
    if (all->n) {
        memcpy(r->regions.v + r->regions.n, all->v, all->n * sizeof(*all->v));
    }
    r->regions.n += all->n;
    return 0;
}

int record_put_regions(struct record *r, struct record_step *s, const struct region_vec *all)
{
    const struct record_slice *same = same_as_before(r, s, all);
    int rc = 0;

    if (same) {
        s->regions = *same;
    } else {
        rc = put_slice(r, &s->regions, all);
    }
    s->has_regions = rc == 0;
    return rc;
}

int record_put_host(struct record *r, struct record_step *s, const struct region_vec *all)
{
    int rc = put_slice(r, &s->host, all);

    s->has_host = rc == 0;
    return rc;
}

int record_put_model(struct record *r, struct record_step *s, const struct region_vec *all)
{
    int rc = put_slice(r, &s->model, all);

    s->has_model = rc == 0;
    return rc;
}

int record_put_digest(struct record *r, struct record_step *s, struct record_digest d)
{
    if (vec_reserve(&r->digests, r->digests.n + 1) < 0) {
        return -ENOMEM;
    }
    r->digests.v[r->digests.n++] = d;
    s->digests.n++;
    return 0;
}

static struct region_vec slice(const struct record *r, struct record_slice s)
{
    return s.n == 0 ? REGION_VEC_INIT : (struct region_vec){r->regions.v + s.first, s.n, s.n};
}

struct region_vec record_regions(const struct record *r, size_t i)
{
    do {
        const struct record_step *s = &r->steps.v[i];

        if (s->has_regions) {
            return slice(r, s->regions);
        }
    } while (i-- > 0);
    return REGION_VEC_INIT;
}

struct region_vec record_host(const struct record *r, size_t i)
{
    return slice(r, r->steps.v[i].host);
}

struct region_vec record_model(const struct record *r, size_t i)
{
    return slice(r, r->steps.v[i].model);
}

static bool require_met(const struct prog_require *q, const struct prog_config *c,
                        enum abi_system system)
{
    uint64_t page = c->value[CONFIG_GUEST_PAGE];

    switch ((enum require_kind)q->kind) {
    case REQUIRE_LINUX:
        return system == ABI_LINUX;
    case REQUIRE_FREEBSD:
        return system == ABI_FREEBSD;
    case REQUIRE_H_EQ_G:
        return true; /* nothing lies below a kernel's own pages */
    case REQUIRE_GUEST_PAGE:
    case REQUIRE_HOST_PAGE:
        return q->value == page;
    case REQUIRE_BITS:
        return q->value == c->value[CONFIG_BITS];
    case REQUIRE_RESERVED:
        return c->value[CONFIG_RESERVED] != 0;
    case REQUIRE_NO_RESERVED:
        return c->value[CONFIG_RESERVED] == 0;
    default:
        return false;
    }
}

const char *record_unfit(const struct prog *p, const struct prog_config *c, enum abi_system system,
                         struct buf *text)
{
    for (size_t i = 0; i < p->requires.n; i++) {
        const struct prog_require *q = &p->requires.v[i];
        enum require_kind kind = (enum require_kind)q->kind;

        if (require_met(q, c, system)) {
            continue;
        }
        buf_clear(text);
        buf_fmt(text, "requires %s", require_kind_name(kind));
        if (require_has_value(kind)) {
            buf_fmt(text, "=%" PRIu64, q->value);
        }
        return buf_text(text);
    }
    return NULL;
}

void record_print_outcome(const struct record *r, const struct record_step *s, enum op_kind kind,
                          struct buf *out)
{
    struct outcome o = s->step.outcome;

    if (o.kind == OUTCOME_OK && op_descs[kind].result == OP_RESULT_ADDR) {
        o.value -= r->place.window;
    }
    outcome_print(&o, kind, out);
    if (o.kind == OUTCOME_SIGNAL && s->has_at) {
        buf_fmt(out, " # at @0x%" PRIx64, s->at - r->place.window);
    }
    if (s->poison) {
        buf_fmt(out, " # %s", record_poison_text((enum record_poison)s->poison));
    }
}
