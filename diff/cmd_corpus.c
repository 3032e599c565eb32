/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap corpus: whole folders on their default targets, one summary line per folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "cmd.h"
#include "input.h"
#include "run_json.h"
#include "run_options.h"
#include "target_list.h"

/* What happened in one folder. */
struct folder {
    char *path;
    size_t passed, failed, skipped;
    struct buf reasons; /* distinct reasons for skipping, one per line */
};

struct corpus_command {
    struct target_list targets;
    struct input_list inputs;
    struct common_options common;
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

static void count(struct corpus_command *c, struct folder *f)
{
    f->passed += c->result.verdict == RUN_PASS;
    f->failed += c->result.verdict == RUN_FINDING;
    f->skipped += c->result.verdict == RUN_SKIP;
    if (c->result.verdict == RUN_SKIP) {
        note_reason(f, buf_text(&c->result.reason));
    }
}

static void print_tap(struct corpus_command *c, const char *path, const char *target)
{
    bool finding = c->result.verdict == RUN_FINDING;

    printf("%s %zu - %s on %s", finding ? "not ok" : "ok", ++c->n_tap, path, target);
    if (c->result.verdict == RUN_SKIP) {
        printf(" # SKIP %s", buf_text(&c->result.reason));
    }
    putchar('\n');
}

static int run_one(struct corpus_command *c, const struct input *in, size_t target, struct err *e)
{
    const char *name = c->targets.v[target].spec.text;
    struct folder *f = folder_of(c, in->path);
    int r;

    if (!f) {
        return err_set(e, -1, "out of memory");
    }
    r = target_list_run(&c->targets, target, &in->prog, &c->common.run, &c->result, e);
    if (r < 0) {
        return r;
    }
    count(c, f);
    if (c->result.verdict == RUN_FINDING) {
        struct buf what = BUF_INIT;

        common_options_print_path(&c->common, in->path, &what);
        run_print_report(&in->prog, &c->result, name, buf_text(&what), &c->reports);
        buf_str(&c->reports, "\n");
        buf_free(&what);
    }
    if (c->runs) {
        json_object_array_add(c->runs, run_json(in->path, name, &in->prog, &c->result));
    } else if (c->tap) {
        print_tap(c, in->path, name);
    }
    return 0;
}

static int run_all(struct corpus_command *c, struct err *e)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->inputs.n; i++) {
        for (size_t t = 0; r == 0 && t < c->targets.n; t++) {
            r = run_one(c, &c->inputs.v[i], t, e);
        }
    }
    return r;
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
        } else {
            r = common_option(&c->common, &c->targets, val, value, e);
        }
        free(value);
    }
    if (r == 0 && c->tap && c->common.json) {
        r = err_set(e, -1, "--tap or --json, not both");
    }
    if (r == 0 && c->targets.n == 0) {
        r = target_list_add(&c->targets, "linux", e);
        r = r < 0 ? r : target_list_add(&c->targets, "bsd", e);
    }
    return r;
}

static int load(struct corpus_command *c, struct cmd_options *o, struct err *e)
{
    const char **args = cmd_args(o);
    int r = 0;

    if (!args || !args[0]) {
        return err_set(e, -1, "no folder named; see twinmap corpus --help");
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
    buf_free(&c->reports);
    run_result_free(&c->result);
    common_options_free(&c->common);
}

int cmd_corpus(int argc, const char **argv)
{
    struct poptOption table[] = {
        COMMON_OPTIONS,
        {"tap", 0, POPT_ARG_NONE, NULL, 't', "one TAP line per program and target", NULL},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct corpus_command c = {.common = COMMON_OPTIONS_INIT, .result = RUN_RESULT_INIT};
    struct cmd_options o;
    struct err e;
    int code;

    cmd_options_init(&o, argc, argv, table, "corpus");
    if (parse(&c, &o, &e) < 0 || load(&c, &o, &e) < 0) {
        code = cmd_usage("corpus", "%s", e.text);
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
    corpus_free(&c);
    return code;
}
