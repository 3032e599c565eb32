/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "triage_text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd.h"
#include "findings.h"
#include "model_record.h"
#include "op/text.h"
#include "pool.h"
#include "repro.h"
#include "repro_find.h"
#include "triage_work.h"

#define ENVIRONMENT_TARGET "target: "
#define ENVIRONMENT_VERSION "twinmap: "

void finding_name(struct finding *f, const char *signature)
{
    buf_clear(&f->signature);
    buf_clear(&f->slug);
    buf_str(&f->signature, signature);
    signature_slug(signature, &f->slug);
}

static void print_input(const char *path, struct buf *out)
{
    buf_str(out, path[0] == '-' ? "-- " : "");
    buf_word(out, path);
}

void finding_path(const struct triage *t, const struct finding *f, struct buf *out)
{
    struct buf path = BUF_INIT;

    if (t->out) {
        buf_fmt(&path, "%s/%s/program.tm", t->out, buf_text(&f->slug));
    } else {
        buf_str(&path, t->crashes.v[f->best].path);
    }
    print_input(buf_text(&path), out);
    buf_free(&path);
}

void finding_command(const struct triage *t, const struct target_spec *specs, size_t n,
                     struct finding *f)
{
    buf_clear(&f->command);
    buf_str(&f->command, n == 1 ? "twinmap run" : "twinmap diff");
    for (size_t i = 0; i < n; i++) {
        buf_str(&f->command, " --on ");
        buf_word(&f->command, specs[i].text);
    }
    buf_str(&f->command, " ");
    finding_path(t, f, &f->command);
}

int finding_load(const struct triage *t, const struct crash_group *g, struct prog *p, struct err *e)
{
    /* Without effect, for a target that is broken from the start: a text has one op or more. */
    struct op nothing = {.kind = OP_munmap, .result = OP_NO_RESULT};
    int rc = crash_load(p, t->crashes.v[g->best].path, e);

    if (rc == 0 && p->ops.n == 0) {
        rc = prog_insert(p, 0, &nothing);
    }
    return rc;
}

bool finding_there(const struct triage *t, const struct finding *f, struct prog *p)
{
    struct buf text = BUF_INIT;
    struct err e;
    bool is = finding_read(t->out, buf_text(&f->slug), "program.tm", &text) == 0 &&
              prog_parse(p, "program.tm", buf_text(&text), text.len, &e) == 0 && p->ops.n > 0;

    buf_free(&text);
    return is;
}

void environment_print(const struct target_spec *specs, size_t n, struct buf *out)
{
#ifdef __clang__
    const char *compiler = __VERSION__;
#else
    const char *compiler = "gcc " __VERSION__;
#endif
    struct utsname u;

    for (size_t i = 0; i < n; i++) {
        buf_fmt(out, ENVIRONMENT_TARGET "%s\n", specs[i].text);
    }
    buf_fmt(out, ENVIRONMENT_VERSION "%s\n", TWINMAP_VERSION);
    if (uname(&u) == 0) {
        buf_fmt(out, "kernel: %s %s %s\n", u.sysname, u.release, u.machine);
    }
    buf_fmt(out, "page: %ld\n", sysconf(_SC_PAGESIZE));
    buf_fmt(out, "compiler: %s\n", compiler);
}

/* Bytes that name targets, at the beginning. */
static size_t targets_len(const char *environment)
{
    const char *rest = strstr(environment, ENVIRONMENT_VERSION);

    return rest ? (size_t)(rest - environment) : strlen(environment);
}

bool environment_same_targets(const char *a, const char *b)
{
    size_t len = targets_len(a);

    return len == targets_len(b) && memcmp(a, b, len) == 0;
}

/* Into REPORT, before its last line, the command. */
static void insert_notes(struct buf *report, const char *notes)
{
    const char *last;
    struct buf command = BUF_INIT;

    if (report->len == 0) {
        return;
    }
    report->data[--report->len] = '\0';
    last = strrchr(report->data, '\n');
    last = last ? last + 1 : report->data;
    buf_str(&command, last);
    report->len = (size_t)(last - report->data);
    buf_fmt(report, "%s\n%s\n", notes, buf_text(&command));
    buf_free(&command);
}

/* A report that does not need the finding to show again. */
static void print_plain_report(const struct finding_source *s, struct finding *f)
{
    buf_fmt(&f->report, "twinmap-finding: %s\nviolation: %s\n\nprogram:\n%s\n%s\n",
            buf_text(&f->signature), s->reason, buf_text(&f->program), buf_text(&f->command));
}

/* P, of a finding that shows, as a program that shows it by its own ops; the record into RET. */
static int record_finding(const struct finding_source *s, struct prog *p, struct record *ret,
                          struct err *e)
{
    struct recorder *model = NULL;
    struct repro_finding f = {
        .judge = s->judge, .result = s->result, .bad = triage_suspect(s->specs, s->n_specs)};
    int rc = model_open(s->specs[0].system, &model, e);

    f.good = model;
    if (rc == 0 && s->judge) {
        rc = repro_find(p, &f, e);
    }
    rc = rc < 0 ? rc : model_record(model, p, ret, e);
    recorder_close(model);
    return rc;
}

/* The C file of P, which expects what the specification says. */
static int print_c(const struct finding_source *s, struct prog *p, struct finding *f, struct err *e)
{
    struct record record = RECORD_INIT;
    struct buf title = BUF_INIT;
    int rc = record_finding(s, p, &record, e);

    buf_fmt(&title, "%s\n%s", buf_text(&f->signature), s->reason);
    if (rc == 0) {
        struct repro r = {.prog = p, .record = &record, .title = buf_text(&title)};

        rc = repro_c(&r, &f->repro, e);
    }
    buf_free(&title);
    record_free(&record);
    return rc;
}

/* If there can be one; why there is none into NOTES. */
static void print_repro(const struct finding_source *s, struct finding *f, struct buf *notes)
{
    struct prog p = PROG_INIT;
    struct err e = {"out of memory"};
    int rc = prog_copy(&p, s->prog);

    rc = rc < 0 ? rc : print_c(s, &p, f, &e);
    if (rc < 0) {
        buf_clear(&f->repro);
        buf_fmt(notes, "no repro.c: %s\n", e.text);
    }
    prog_free(&p);
}

void finding_print(const struct triage *t, const struct finding_source *s, struct finding *f)
{
    struct buf notes = BUF_INIT;
    struct buf path = BUF_INIT;

    buf_clear(&f->program);
    buf_clear(&f->report);
    buf_clear(&f->environment);
    prog_print(s->prog, &f->program);
    environment_print(s->specs, s->n_specs, &f->environment);
    finding_command(t, s->specs, s->n_specs, f);
    buf_str(&notes, "from ");
    buf_shown(&notes, s->crash->name);
    buf_fmt(&notes, ": %s\n", s->how);
    finding_path(t, f, &path);
    if (s->judge) {
        judge_report(s->judge, s->prog, buf_text(&path), &f->report);
    } else {
        print_plain_report(s, f);
    }
    print_repro(s, f, &notes); /* runs the program again: the report is of the last run */
    insert_notes(&f->report, buf_text(&notes));
    buf_free(&notes);
    buf_free(&path);
}

void triage_find_unminimised(const struct triage *t, const struct crash_group *g, const char *why,
                             struct finding *f)
{
    const struct crash *c = &t->crashes.v[g->best];
    struct target_spec own;
    struct finding_source s = {.crash = c, .reason = buf_text(&c->why)};
    struct prog p = PROG_INIT;
    struct prog there = PROG_INIT;
    struct buf how = BUF_INIT;
    struct err e;

    finding_name(f, g->signature);
    (void)finding_load(t, g, &p, &e);
    s.prog = &p;
    s.n_specs = triage_specs(t, &p, &own, &s.specs);
    f->ops_before = f->ops_after = p.ops.n;
    f->settled = finding_there(t, f, &there) && there.ops.n <= p.ops.n;
    if (f->settled) {
        f->ops_after = there.ops.n;
        finding_command(t, s.specs, s.n_specs, f);
    } else {
        buf_fmt(&how, "not minimised: %s", why);
        s.how = buf_text(&how);
        finding_print(t, &s, f);
    }
    prog_free(&p);
    prog_free(&there);
    buf_free(&how);
}

void triage_find_plainly(const struct triage *t, const struct crash_group *g, struct finding *f)
{
    const struct target_spec *specs;
    struct target_spec own;
    struct prog p = PROG_INIT;
    struct err e;
    size_t n;

    (void)crash_load(&p, t->crashes.v[g->best].path, &e);
    n = triage_specs(t, &p, &own, &specs);
    finding_name(f, g->signature);
    f->ops_before = f->ops_after = t->crashes.v[g->best].ops;
    finding_command(t, specs, n, f);
    prog_free(&p);
}

/* In the order of finding_put and finding_take. */
static struct buf **texts_of(struct finding *f, struct buf *ret[7])
{
    struct buf *all[7] = {&f->signature, &f->slug,        &f->program, &f->report,
                          &f->repro,     &f->environment, &f->command};

    memcpy(ret, all, sizeof(all));
    return ret;
}

static void put_number(struct buf *fields, size_t n)
{
    struct buf text = BUF_INIT;

    buf_fmt(&text, "%zu", n);
    pool_field(fields, buf_text(&text));
    buf_free(&text);
}

void finding_put(struct finding *f, struct buf *fields)
{
    struct buf *text[7];

    texts_of(f, text);
    for (size_t i = 0; i < 7; i++) {
        pool_field(fields, buf_text(text[i]));
    }
    put_number(fields, f->ops_before);
    put_number(fields, f->ops_after);
    put_number(fields, f->settled);
}

void finding_take(struct finding *f, const struct buf *fields)
{
    struct buf *text[7];
    size_t at = 0;

    texts_of(f, text);
    for (size_t i = 0; i < 7; i++) {
        buf_str(text[i], pool_next_field(fields, &at));
    }
    f->ops_before = (size_t)strtoull(pool_next_field(fields, &at), NULL, 10);
    f->ops_after = (size_t)strtoull(pool_next_field(fields, &at), NULL, 10);
    f->settled = *pool_next_field(fields, &at) == '1';
}

void finding_free(struct finding *f)
{
    struct buf *text[7];

    texts_of(f, text);
    for (size_t i = 0; i < 7; i++) {
        buf_free(text[i]);
    }
}
