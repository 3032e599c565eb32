/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signature.h"

#include <string.h>

#include "exec/said.h"

enum { OP_FIELD = 1, CLASS_FIELD = 2, RELATION_FIELD = 3, FIELDS = 5 };

static const char *outcome_word(const struct outcome *o)
{
    const char *name = NULL;

    switch ((enum outcome_kind)o->kind) {
    case OUTCOME_OK:
        return o->mixed ? "mixed" : "ok";
    case OUTCOME_FAIL:
        name = abi_errno_name(o->err);
        break;
    case OUTCOME_SIGNAL:
        name = outcome_signal_name(o->signal);
        break;
    case OUTCOME_CRASH:
        return "crash";
    case OUTCOME_HANG:
        return "hang";
    default:
        return "skipped";
    }
    return name ? name : "other";
}

static const char *page_class(const struct record *r, size_t i, uint64_t at)
{
    struct region_vec v = i < r->steps.n ? record_regions(r, i) : REGION_VEC_INIT;
    const struct region *g = region_find(&v, at);

    return !g ? "free" : g->kind == REGION_GUARD ? "guard" : "mapped";
}

/* Of the page sizes of the two that differ: the first that is a layer on other pages counts. */
static const char *relation(const struct diff_set *d)
{
    const struct record_place *both[] = {&diff_set_lead(d)->place, &d->v[d->other].record.place};

    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        const struct record_place *p = both[i];

        if (p->host_page && p->host_page != p->page) {
            return space_relation_name(SPACE_H_GT_G);
        }
        if (p->host_page && p->real_page != p->page) {
            return space_relation_name(SPACE_H_LT_G);
        }
    }
    return space_relation_name(SPACE_H_EQ_G);
}

/* "kernel", "linux": without options and paths, which differ from machine to machine. */
static void print_name(const struct target_spec *s, struct buf *out)
{
    if (s->layer) {
        buf_str(out, s->layer->name);
    } else if (s->kind == TARGET_AGENT) {
        buf_str(out, s->agent.family);
    } else {
        buf_add(out, s->text, strcspn(s->text, ","));
    }
}

/* Behind "crash": which of its assertions ended R's target, if it said so. */
static void print_outcome(const struct record *r, const struct outcome *o, struct buf *out)
{
    struct buf word = BUF_INIT;

    buf_str(out, outcome_word(o));
    if (o->kind == OUTCOME_CRASH) {
        said_class(&r->said, &word);
    }
    if (word.len) {
        buf_fmt(out, ":%s", buf_text(&word));
    }
    buf_free(&word);
}

/* What the two show. */
static void print_class(const struct diff_set *d, const struct record_step *s, struct buf *out)
{
    const struct record *lead = diff_set_lead(d);
    const struct record *other = &d->v[d->other].record;

    switch (d->result.what) {
    case COMPARE_OUTCOME:
        print_outcome(lead, &s->step.outcome, out);
        buf_str(out, "_by_");
        if (d->bad < other->steps.n) {
            print_outcome(other, &other->steps.v[d->bad].step.outcome, out);
        } else {
            buf_str(out, "none");
        }
        break;
    case COMPARE_REGIONS:
        buf_str(out, page_class(lead, d->bad, d->result.where.start));
        buf_str(out, d->result.other_free ? "_by_free" : "_by_mapped");
        break;
    case COMPARE_BYTES:
        buf_str(out, page_class(lead, d->bad, d->result.where.start));
        break;
    default:
        buf_str(out, "none");
        break;
    }
}

void signature_of(const struct diff_set *d, const struct prog *p, struct buf *out)
{
    const struct record *lead = diff_set_lead(d);
    const struct record_step *s = d->bad < lead->steps.n ? &lead->steps.v[d->bad] : NULL;

    if (d->own) {
        run_signature(p, recorder_result(d->v[d->other].recorder), out);
        return;
    }
    buf_fmt(out, "%s/", compare_what_name(d->result.what));
    buf_str(out, !s                       ? "end"
                 : s->what == RECORD_OP   ? op_descs[p->ops.v[s->step.op].kind].name
                 : s->what == RECORD_BORN ? "born"
                                          : "done");
    buf_str(out, "/");
    if (s) {
        print_class(d, s, out);
    } else {
        buf_str(out, "none");
    }
    buf_fmt(out, "/%s/", relation(d));
    print_name(&d->v[d->lead].spec, out);
    buf_str(out, "+");
    print_name(&d->v[d->other].spec, out);
}

/* Where field N of TEXT begins, and its length. */
static const char *field(const char *text, unsigned n, size_t *len)
{
    for (; n > 0; n--) {
        const char *slash = strchr(text, '/');

        if (!slash) {
            *len = 0;
            return text + strlen(text);
        }
        text = slash + 1;
    }
    *len = strcspn(text, "/");
    return text;
}

static bool equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* A page's class: a guard is one way of having a mapping there. */
static bool is_there(const char *text, size_t len)
{
    return !equal(text, len, "free", 4);
}

/* "mapped_to_free": what the page was and what it became. False if TEXT is something else. */
static bool split_class(const char *text, size_t len, bool *after, bool *changed)
{
    static const char to[] = "_to_";
    const size_t n = sizeof(to) - 1;
    const char *mid = memmem(text, len, to, n);
    size_t first = mid ? (size_t)(mid - text) : 0;

    if (!mid) {
        return false;
    }
    *after = is_there(mid + n, len - first - n);
    *changed = !equal(text, first, mid + n, len - first - n);
    return true;
}

/*
 * "EINVAL_not_ENOMEM", or "EINVAL" where a success was right: what it was and what it had to be. A
 * check that is missing lets all kinds of things happen where one errno was due; one that is too
 * many is in front of a success, or of another refusal. But what was due does not become something
 * else: that is another check.
 */
static bool outcome_is_kept(const char *was, size_t was_len, const char *now, size_t now_len)
{
    static const char not [] = "_not_";
    const size_t n = sizeof(not ) - 1;
    const char *was_owed = memmem(was, was_len, not, n);
    const char *now_owed = memmem(now, now_len, not, n);
    size_t was_first = was_owed ? (size_t)(was_owed - was) : was_len;
    size_t now_first = now_owed ? (size_t)(now_owed - now) : now_len;

    if (was_owed && now_owed) {
        return equal(was_owed, was_len - was_first, now_owed, now_len - now_first);
    }
    return (was_owed || now_owed) && equal(was, was_first, now, now_first);
}

/*
 * Whether a page that became the one may as well become the other in a simpler program. A guard may
 * be any mapping; what is there after the step stays there, or stays gone, but for a page that the
 * step has only beside it and that is what it was.
 */
static bool class_is_kept(const char *was, size_t was_len, const char *now, size_t now_len)
{
    bool after, changed, now_after, now_changed;

    if (!split_class(was, was_len, &after, &changed) ||
        !split_class(now, now_len, &now_after, &now_changed)) {
        return outcome_is_kept(was, was_len, now, now_len);
    }
    return (!changed && !now_changed) || after == now_after;
}

bool signature_is_kept(const char *was, const char *now, bool other_pages, bool other_op)
{
    for (unsigned i = 0; i < FIELDS; i++) {
        size_t was_len, now_len;
        const char *a = field(was, i, &was_len);
        const char *b = field(now, i, &now_len);

        if (!equal(a, was_len, b, now_len) && !(i == OP_FIELD && other_op) &&
            !(i == RELATION_FIELD && other_pages) &&
            !(i == CLASS_FIELD && class_is_kept(a, was_len, b, now_len))) {
            return false;
        }
    }
    return true;
}
