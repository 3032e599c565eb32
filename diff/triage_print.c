/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "triage_print.h"

#include "run_json.h"

struct triage_counts triage_count(const struct triage *t)
{
    struct triage_counts c = {0};

    for (size_t i = 0; i < t->crashes.n; i++) {
        const struct crash *x = &t->crashes.v[i];

        c.state[x->state]++;
        c.duplicates += x->twin != i;
    }
    c.read = c.state[CRASH_FINDING] + c.state[CRASH_HOLDS] + c.state[CRASH_SKIPPED] +
             c.state[CRASH_FAILED];
    return c;
}

static void print_crash(const struct crash_list *l, size_t i, struct buf *out)
{
    const struct crash *x = &l->v[i];

    buf_shown(out, x->path);
    buf_fmt(out, ": %s", crash_state_name(x->state));
    if (x->twin != i) {
        buf_str(out, ", the same bytes as ");
        buf_shown(out, l->v[x->twin].path);
    } else if (x->state == CRASH_FINDING) {
        buf_str(out, ": ");
        buf_shown(out, buf_text(&x->signature));
    } else if (x->why.len) {
        buf_str(out, ": ");
        buf_shown(out, buf_text(&x->why));
    }
    buf_str(out, "\n");
}

/* Where F is kept, or as it is not, the file that stands for it. */
static void print_place(const struct triage *t, const struct finding *f, struct buf *out)
{
    if (t->out) {
        buf_shown(out, t->out);
        buf_fmt(out, "/%s", buf_text(&f->slug));
    } else {
        buf_shown(out, t->crashes.v[f->best].path);
    }
}

static void print_finding(const struct triage *t, const struct finding *f, struct buf *out)
{
    buf_fmt(out, t->out ? "%5zu  %4zu -> %-4zu  " : "%5zu  %4zu          ", f->n_files,
            f->ops_before, f->ops_after);
    buf_shown(out, buf_text(&f->signature));
    buf_str(out, "\n       ");
    print_place(t, f, out);
    if (t->out) {
        buf_fmt(out, " (%s)", finding_change_name(f->change));
    }
    buf_str(out, "\n");
}

static bool is_unchanged(const struct triage *t)
{
    for (size_t i = 0; i < t->findings.n; i++) {
        if (t->findings.v[i].change != FINDING_UNCHANGED) {
            return false;
        }
    }
    return t->out && t->findings.n > 0;
}

static void print_counts(const struct triage *t, struct buf *out)
{
    struct triage_counts c = triage_count(t);
    const size_t *n = c.state;

    buf_fmt(out, "# %zu files: %zu read (%zu of them duplicates), %zu unreadable, %zu ignored\n",
            t->crashes.n, c.read, c.duplicates, n[CRASH_UNREADABLE], n[CRASH_IGNORED]);
    buf_fmt(out, "# %zu findings in %zu files, %zu files hold, %zu skipped, %zu harness errors\n",
            t->findings.n, n[CRASH_FINDING], n[CRASH_HOLDS], n[CRASH_SKIPPED], n[CRASH_FAILED]);
    if (is_unchanged(t)) {
        buf_str(out, "# ");
        buf_shown(out, t->out);
        buf_str(out, ": unchanged\n");
    }
}

void triage_print(const struct triage *t, struct buf *out)
{
    for (size_t i = 0; i < t->crashes.n; i++) {
        print_crash(&t->crashes, i, out);
    }
    if (t->findings.n) {
        buf_str(out, "\nfiles  ops           signature\n");
    }
    for (size_t i = 0; i < t->findings.n; i++) {
        print_finding(t, &t->findings.v[i], out);
    }
    buf_str(out, t->crashes.n ? "\n" : "");
    print_counts(t, out);
    if (t->findings.n) {
        buf_fmt(out, "\n%s\n", buf_text(&t->findings.v[0].command));
    }
}

static void add_number(struct json_object *o, const char *key, size_t n)
{
    json_object_object_add(o, key, json_object_new_uint64(n));
}

/* A name that may hold anything, as it is shown: different ones stay different. */
static void add_shown(struct json_object *o, const char *key, const char *name)
{
    struct buf b = BUF_INIT;

    buf_shown(&b, name);
    json_object_object_add(o, key, json_text(buf_text(&b)));
    buf_free(&b);
}

static struct json_object *crash_json(const struct crash_list *l, size_t i)
{
    struct json_object *o = json_object_new_object();
    const struct crash *x = &l->v[i];

    add_shown(o, "path", x->path);
    add_shown(o, "state", crash_state_name(x->state));
    if (x->hash[0]) {
        add_number(o, "size", x->size);
        add_shown(o, "sha256", x->hash);
    }
    if (x->twin != i) {
        add_shown(o, "same_as", l->v[x->twin].path);
    }
    if (x->why.len) {
        json_object_object_add(o, "reason", json_text(buf_text(&x->why)));
    }
    if (x->state == CRASH_FINDING) {
        json_object_object_add(o, "signature", json_text(buf_text(&x->signature)));
    }
    return o;
}

static struct json_object *finding_json(const struct triage *t, const struct finding *f)
{
    struct json_object *o = json_object_new_object();
    struct buf place = BUF_INIT;

    json_object_object_add(o, "signature", json_text(buf_text(&f->signature)));
    add_number(o, "files", f->n_files);
    add_shown(o, "smallest", t->crashes.v[f->best].path);
    add_number(o, "ops_before", f->ops_before);
    if (t->out) {
        print_place(t, f, &place);
        add_number(o, "ops_after", f->ops_after);
        json_object_object_add(o, "folder", json_text(buf_text(&place)));
        add_shown(o, "change", finding_change_name(f->change));
    }
    json_object_object_add(o, "command", json_text(buf_text(&f->command)));
    buf_free(&place);
    return o;
}

static struct json_object *summary_json(const struct triage *t)
{
    struct json_object *o = json_object_new_object();
    struct triage_counts c = triage_count(t);

    add_number(o, "files", t->crashes.n);
    add_number(o, "read", c.read);
    add_number(o, "duplicates", c.duplicates);
    add_number(o, "unreadable", c.state[CRASH_UNREADABLE]);
    add_number(o, "ignored", c.state[CRASH_IGNORED]);
    add_number(o, "findings", t->findings.n);
    add_number(o, "files_finding", c.state[CRASH_FINDING]);
    add_number(o, "files_holding", c.state[CRASH_HOLDS]);
    add_number(o, "files_skipped", c.state[CRASH_SKIPPED]);
    add_number(o, "harness_errors", c.state[CRASH_FAILED]);
    json_object_object_add(o, "unchanged", json_object_new_boolean(is_unchanged(t)));
    return o;
}

struct json_object *triage_json(const struct triage *t)
{
    struct json_object *o = json_object_new_object();
    struct json_object *files = json_object_new_array();
    struct json_object *findings = json_object_new_array();

    for (size_t i = 0; i < t->crashes.n; i++) {
        json_object_array_add(files, crash_json(&t->crashes, i));
    }
    for (size_t i = 0; i < t->findings.n; i++) {
        json_object_array_add(findings, finding_json(t, &t->findings.v[i]));
    }
    json_object_object_add(o, "files", files);
    json_object_object_add(o, "findings", findings);
    json_object_object_add(o, "summary", summary_json(t));
    return o;
}
