/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap corpus: whole folders on their default targets, one summary line per folder. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "cmd.h"
#include "corpus_add.h"
#include "input.h"
#include "lost.h"
#include "pool.h"
#include "run_json.h"
#include "run_options.h"
#include "target_list.h"

/* What happened in one folder. */
struct folder {
    char *path;
    size_t passed, failed, skipped;
    struct buf reasons; /* distinct reasons for skipping, one per line */
};

/* One program on one target. */
struct corpus_run {
    size_t input, target;
};

struct corpus_command {
    struct target_list targets;
    struct input_list inputs;
    bool by_default; /* no --on: the last target is that of findings in emulators, and no other's */
    struct {
        struct corpus_run *v;
        size_t n, cap;
    } planned;
    struct common_options common;
    unsigned jobs;
    char *add;          /* a finding to become a program of the corpus */
    char *as;           /* by this name */
    const char *corpus; /* of this folder */
    bool tap;
    size_t n_tap;
    struct {
        struct folder *v;
        size_t n, cap;
    } folders;
    struct buf reports;
    struct json_object *runs; /* NULL without --json */
    struct run_result result;
};

/* The folder that holds PATH; programs come sorted, so it is the last one or a new one. */
static struct folder *folder_of(struct corpus_command *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    struct folder *f;

    for (size_t i = 0; i < c->folders.n; i++) {
        f = &c->folders.v[i];
        if (strlen(f->path) == len && strncmp(f->path, path, len) == 0) {
            return f;
        }
    }
    if (vec_reserve(&c->folders, c->folders.n + 1) < 0) {
        return NULL;
    }
    f = &c->folders.v[c->folders.n];
    *f = (struct folder){.path = strndup(path, len), .reasons = BUF_INIT};
    if (!f->path) {
        return NULL;
    }
    c->folders.n++;
    return f;
}

static void note_reason(struct folder *f, const char *reason)
{
    struct buf line = BUF_INIT;

    buf_fmt(&line, "%s\n", reason);
    if (!buf_failed(&line) && !strstr(buf_text(&f->reasons), line.data)) {
        buf_str(&f->reasons, line.data);
    }
    buf_free(&line);
}

/* What came of one program on one target, as a worker leaves it: these fields, in this order. */
struct outcome_text {
    const char *verdict; /* "pass", "finding", "skip", "error" */
    const char *reason;
    const char *text; /* the report, or all of it as JSON */
};

static void put_outcome(struct pool *pool, uint64_t item, const struct outcome_text *o)
{
    struct buf fields = BUF_INIT;

    pool_field(&fields, o->verdict);
    pool_field(&fields, o->reason);
    pool_field(&fields, o->text);
    pool_put(pool, item, &fields);
    buf_free(&fields);
}

static void print_report(struct corpus_command *c, const struct input *in, const char *target,
                         struct buf *out)
{
    struct buf what = BUF_INIT;

    common_options_print_path(&c->common, in->path, &what);
    run_print_report(&in->prog, &c->result, target, buf_text(&what), out);
    buf_str(out, "\n");
    buf_free(&what);
}

/* In a worker. */
static void run_one(struct corpus_command *c, struct pool *pool, uint64_t item)
{
    const struct input *in = &c->inputs.v[c->planned.v[item].input];
    size_t target = c->planned.v[item].target;
    const char *name = c->targets.v[target].spec.text;
    struct json_object *o = NULL;
    struct buf text = BUF_INIT;
    struct err e;

    if (target_list_run(&c->targets, target, &in->prog, &c->common.run, &c->result, &e) < 0) {
        put_outcome(pool, item, &(struct outcome_text){"error", e.text, ""});
        return;
    }
    if (c->runs) {
        o = run_json(in->path, name, &in->prog, &c->result);
        buf_str(&text, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        json_object_put(o);
    } else if (c->result.verdict == RUN_FINDING) {
        print_report(c, in, name, &text);
    }
    put_outcome(pool, item,
                &(struct outcome_text){run_verdict_name(c->result.verdict),
                                       buf_text(&c->result.reason), buf_text(&text)});
    buf_free(&text);
}

static int work(struct pool *pool, void *arg, struct err *e)
{
    struct corpus_command *c = arg;
    uint64_t item;

    (void)e;
    while (pool_next(pool, &item)) {
        run_one(c, pool, item);
    }
    return 0;
}

static void print_tap(struct corpus_command *c, const char *path, const char *target,
                      const struct outcome_text *o)
{
    printf("%s %zu - %s on %s", strcmp(o->verdict, "finding") == 0 ? "not ok" : "ok", ++c->n_tap,
           path, target);
    if (strcmp(o->verdict, "skip") == 0) {
        printf(" # SKIP %s", o->reason);
    }
    putchar('\n');
}

static int count(struct corpus_command *c, const char *path, const char *target,
                 const struct outcome_text *o, struct err *e)
{
    struct folder *f = folder_of(c, path);

    if (!f) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    if (strcmp(o->verdict, "skip") == 0) {
        f->skipped++;
        note_reason(f, o->reason);
    } else if (strcmp(o->verdict, "finding") == 0) {
        f->failed++;
    } else {
        f->passed++;
    }
    if (c->runs) {
        json_object_array_add(c->runs, json_tokener_parse(o->text));
        return 0;
    }
    buf_str(&c->reports, o->text);
    if (c->tap) {
        print_tap(c, path, target, o);
    }
    return 0;
}

/* The layer under test has ended the process. */
static int count_lost(struct corpus_command *c, const struct input *in,
                      const struct target_spec *spec, struct err *e)
{
    struct buf text = BUF_INIT;
    struct buf what = BUF_INIT;
    int rc;

    if (c->runs) {
        struct json_object *o = lost_json(in->path, &in->prog, spec);

        buf_str(&text, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        json_object_put(o);
    } else {
        common_options_print_path(&c->common, in->path, &what);
        lost_report(&in->prog, spec, buf_text(&what), &text);
        buf_str(&text, "\n");
    }
    rc = count(c, in->path, spec->text,
               &(struct outcome_text){"finding", LOST_REASON, buf_text(&text)}, e);
    buf_free(&text);
    buf_free(&what);
    return rc;
}

static int take(struct corpus_command *c, const struct pool_result *r, struct err *e)
{
    const struct corpus_run *ran = &c->planned.v[r->item];
    const struct input *in = &c->inputs.v[ran->input];
    const struct target_spec *spec = &c->targets.v[ran->target].spec;
    struct outcome_text o;
    size_t at = 0;

    if (r->left) {
        return count_lost(c, in, spec, e);
    }
    if (r->died) {
        return err_set(e, -ECHILD, "%s on %s: %s", in->path, spec->text, buf_text(&r->text));
    }
    o.verdict = pool_next_field(&r->text, &at);
    o.reason = pool_next_field(&r->text, &at);
    o.text = pool_next_field(&r->text, &at);
    if (strcmp(o.verdict, "error") == 0) {
        return err_set(e, -EIO, "%s on %s: %s", in->path, spec->text, o.reason);
    }
    return count(c, in->path, spec->text, &o, e);
}

/* Whether PATH is a finding in an emulator: it expects what a kernel does, limits or not. */
static bool is_emulators(const char *path)
{
    char *full = realpath(path, NULL);
    bool is = strstr(full ? full : path, "corpus/findings/") != NULL;

    free(full);
    return is;
}

static int plan(struct corpus_command *c, struct err *e)
{
    for (size_t i = 0; i < c->inputs.n; i++) {
        bool own = c->by_default && is_emulators(c->inputs.v[i].path);

        for (size_t k = 0; k < c->targets.n; k++) {
            if (c->by_default && own != (k == c->targets.n - 1)) {
                continue;
            }
            if (vec_reserve(&c->planned, c->planned.n + 1) < 0) {
                return err_set(e, -ENOMEM, "out of memory");
            }
            c->planned.v[c->planned.n++] = (struct corpus_run){.input = i, .target = k};
        }
    }
    return 0;
}

static int run_all(struct corpus_command *c, struct err *e)
{
    struct pool_work w = {.jobs = c->jobs, .apart = true, .run = work, .arg = c};
    struct pool_results results = {0};
    int rc = plan(c, e);

    w.n = c->planned.n;
    rc = rc < 0 ? rc : pool_run(&w, &results, e);
    for (size_t i = 0; rc == 0 && i < results.n; i++) {
        rc = take(c, &results.v[i], e);
    }
    pool_results_free(&results);
    return rc;
}

static void print_folder(const struct folder *f)
{
    const char *line = buf_text(&f->reasons);

    printf("%s: %zu passed, %zu failed, %zu skipped", f->path[0] ? f->path : ".", f->passed,
           f->failed, f->skipped);
    for (const char *sep = " ("; *line; sep = "; ") {
        size_t len = strcspn(line, "\n");

        printf("%s%.*s", sep, (int)len, line);
        line += len + 1;
        if (!*line) {
            putchar(')');
        }
    }
    putchar('\n');
}

/* Print what was found; returns the exit code. */
static int conclude(struct corpus_command *c)
{
    size_t passed = 0;
    size_t failed = 0;
    size_t skipped = 0;

    for (size_t i = 0; i < c->folders.n; i++) {
        passed += c->folders.v[i].passed;
        failed += c->folders.v[i].failed;
        skipped += c->folders.v[i].skipped;
    }
    if (c->runs) {
        struct json_object *doc = json_object_new_object();

        json_object_object_add(doc, "runs", c->runs);
        json_object_object_add(doc, "summary", counts_json(passed, failed, skipped));
        json_emit(doc);
    } else if (c->tap) {
        printf("1..%zu\n", c->n_tap);
        fputs(buf_text(&c->reports), stderr);
    } else {
        for (size_t i = 0; i < c->folders.n; i++) {
            print_folder(&c->folders.v[i]);
        }
        printf("%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
        fputs(buf_text(&c->reports), stdout);
    }
    if (failed > 0) {
        return EXIT_FINDING;
    }
    return passed == 0 ? EXIT_NOTHING_RAN : EXIT_HOLDS;
}

static int parse(struct corpus_command *c, struct cmd_options *o, struct err *e)
{
    int val;
    int r = 0;

    while (r == 0 && (val = cmd_next(o)) > 0) {
        char *value = cmd_value(o);

        if (val == 't') {
            c->tap = true;
        } else if (val == 'J') {
            r = option_jobs(&c->jobs, value, e);
        } else if (val == 'a' || val == 'n') {
            free(val == 'a' ? c->add : c->as);
            *(val == 'a' ? &c->add : &c->as) = value;
            value = NULL;
        } else {
            r = common_option(&c->common, &c->targets, val, value, e);
        }
        free(value);
    }
    if (r == 0 && c->tap + c->common.json + (c->add != NULL) > 1) {
        r = err_set(e, -EINVAL, "one of --tap, --json and --add");
    }
    if (r == 0 && c->as && !c->add) {
        r = err_set(e, -EINVAL, "--as is the name of what --add adds");
    }
    if (r == 0 && c->targets.n == 0 && !c->add) {
        r = target_list_add(&c->targets, "linux", e);
        r = r < 0 ? r : target_list_add(&c->targets, "bsd", e);
        r = r < 0 ? r : target_list_add(&c->targets, "model-linux", e);
        c->by_default = true;
    }
    return r;
}

static int load(struct corpus_command *c, struct cmd_options *o, struct err *e)
{
    const char **args = cmd_args(o);
    int r = 0;

    if (!args || !args[0]) {
        return err_set(e, -EINVAL, "no folder named; see twinmap corpus --help");
    }
    if (c->add) {
        c->corpus = args[0];
        return args[1] ? err_set(e, -EINVAL, "--add takes one corpus") : 0;
    }
    for (; r == 0 && *args; args++) {
        r = input_add(&c->inputs, *args, c->common.format, e);
    }
    return r;
}

static void corpus_free(struct corpus_command *c)
{
    target_list_free(&c->targets);
    input_free(&c->inputs);
    for (size_t i = 0; i < c->folders.n; i++) {
        free(c->folders.v[i].path);
        buf_free(&c->folders.v[i].reasons);
    }
    free(c->folders.v);
    free(c->planned.v);
    buf_free(&c->reports);
    run_result_free(&c->result);
    common_options_free(&c->common);
}

/* Returns the exit code. */
static int add(const struct corpus_command *c)
{
    struct corpus_add a = {.finding = c->add, .name = c->as, .corpus = c->corpus};
    struct target_spec *specs = calloc(c->targets.n + 1, sizeof(*specs));
    struct buf out = BUF_INIT;
    struct err e;
    int rc;

    for (size_t i = 0; specs && i < c->targets.n; i++) {
        specs[a.n_specs++] = c->targets.v[i].spec;
    }
    a.specs = specs;
    rc = specs ? corpus_add(&a, &out, &e) : err_set(&e, -EIO, "out of memory");
    free(specs);
    if (rc == -EIO) {
        return cmd_harness("corpus", &e);
    }
    if (rc < 0) {
        cmd_usage("corpus", "%s", e.text);
        return rc == -ENOTSUP ? EXIT_NOTHING_RAN : EXIT_USAGE;
    }
    fputs(buf_text(&out), stdout);
    buf_free(&out);
    return cmd_finish("corpus", EXIT_HOLDS);
}

int cmd_corpus(int argc, const char **argv)
{
    struct poptOption table[] = {
        COMMON_OPTIONS,
        {"jobs", 0, POPT_ARG_STRING, NULL, 'J', "processes that share the programs (one per core)",
         "J"},
        {"add", 0, POPT_ARG_STRING, NULL, 'a',
         "make this finding, a program or a folder of twinmap triage's, a regression program in "
         "the corpus' folder regress/ instead of running anything",
         "FINDING"},
        {"as", 0, POPT_ARG_STRING, NULL, 'n', "under this name; by its signature without it",
         "NAME"},
        {"tap", 0, POPT_ARG_NONE, NULL, 't', "one TAP line per program and target", NULL},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct corpus_command c = {.common = COMMON_OPTIONS_INIT, .jobs = pool_jobs()};
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "corpus");
    if (parse(&c, &o, &e) < 0 || load(&c, &o, &e) < 0) {
        code = cmd_usage("corpus", "%s", e.text);
    } else if (c.add) {
        code = add(&c);
    } else {
        c.runs = c.common.json ? json_object_new_array() : NULL;
        if (run_all(&c, &e) < 0) {
            json_object_put(c.runs);
            code = cmd_harness("corpus", &e);
        } else {
            code = cmd_finish("corpus", conclude(&c));
        }
    }
    cmd_options_free(&o);
    free(c.add);
    free(c.as);
    corpus_free(&c);
    return code;
}
