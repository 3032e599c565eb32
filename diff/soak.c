/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "soak.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "op/text.h"
#include "run_json.h"

void soak_init(struct soak *s, struct target_list *targets, const struct common_options *common)
{
    *s = (struct soak){.targets = targets,
                       .common = common,
                       .run = common->run,
                       .result = RUN_RESULT_INIT,
                       .seen = BUF_INIT,
                       .why_skipped = BUF_INIT};
    s->run.adapt_config = true;
    s->all = common->json ? json_object_new_array() : NULL;
}

void soak_free(struct soak *s)
{
    json_object_put(s->reports);
    json_object_put(s->all);
    related_free(s->related);
    run_result_free(&s->result);
    buf_free(&s->seen);
    buf_free(&s->why_skipped);
}

void soak_begin(struct soak *s, size_t i)
{
    s->target = i;
    s->pairs = s->programs = s->findings = s->skipped = s->steps = s->poisoned = 0;
    memset(s->excused, 0, sizeof(s->excused));
    memset(s->by_relation, 0, sizeof(s->by_relation));
    buf_clear(&s->seen);
    buf_clear(&s->why_skipped);
    json_object_put(s->reports);
    s->reports = s->all ? json_object_new_array() : NULL;
    s->began = bench_ns();
}

const struct target_spec *soak_spec(const struct soak *s)
{
    return &s->targets->v[s->target].spec;
}

/* TEXT, a report, as a row: its last line is the command. The program is all of it, as a file. */
static void add_report(struct soak *s, const struct prog *p, const struct buf *text)
{
    struct prog as_used = *p; /* borrows the arrays */
    struct json_object *o = json_object_new_object();
    struct buf part = BUF_INIT;
    const char *command = strstr(buf_text(text), "\ntwinmap run ");

    run_signature(p, &s->result, &part);
    json_object_object_add(o, "signature", json_text(buf_text(&part)));
    json_object_object_add(o, "reason", json_text(buf_text(&s->result.reason)));
    buf_clear(&part);
    if (command) {
        buf_add(&part, command + 1, strlen(command) - 2);
    }
    json_object_object_add(o, "command", json_text(buf_text(&part)));
    buf_clear(&part);
    as_used.config = s->result.config;
    prog_print(&as_used, &part);
    json_object_object_add(o, "program", json_text(buf_text(&part)));
    json_object_array_add(s->reports, o);
    buf_free(&part);
}

static void report(struct soak *s, const struct prog *p, const char *what)
{
    struct buf line = BUF_INIT;
    struct buf text = BUF_INIT;
    struct buf name = BUF_INIT;

    run_signature(p, &s->result, &line);
    buf_str(&line, "\n");
    if (!buf_failed(&line) && !strstr(buf_text(&s->seen), buf_text(&line))) {
        buf_str(&s->seen, buf_text(&line));
        common_options_print(s->common, &name);
        buf_str(&name, what);
        run_print_report(p, &s->result, soak_spec(s)->text, buf_text(&name), &text);
        if (s->reports) {
            add_report(s, p, &text);
        } else {
            printf("%s\n", buf_text(&text));
            fflush(stdout);
        }
    }
    buf_free(&line);
    buf_free(&text);
    buf_free(&name);
}

/* The program passed: do its relatives show the same? */
static int run_related(struct soak *s, const struct prog *p, struct err *e)
{
    struct runner *runner = s->targets->v[s->target].runner;
    struct prng rng;

    if (!s->related) {
        s->related = related_new();
    }
    if (!s->related) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    /* by the program alone, so that it is compared with the same relatives again */
    prng_seed(&rng, p->ops.n);
    return related_run(s->related, runner, p, &s->run, (unsigned)s->common->related, &rng,
                       &s->result, &s->pairs, e);
}

int soak_run(struct soak *s, const struct prog *p, const char *what, struct err *e)
{
    int rc = target_list_run(s->targets, s->target, p, &s->run, &s->result, e);

    if (rc == 0 && s->common->related && s->result.verdict == RUN_PASS) {
        rc = run_related(s, p, e);
    }
    if (rc < 0) {
        return rc;
    }
    s->programs++;
    if (s->result.verdict == RUN_SKIP) {
        if (s->skipped++ == 0) {
            buf_str(&s->why_skipped, buf_text(&s->result.reason));
        }
        return 0;
    }
    s->by_relation[space_relation(&s->result.space)]++;
    s->steps += s->result.n_steps;
    s->poisoned += s->result.n_poisoned;
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        s->excused[i] += s->result.excused[i];
    }
    if (s->result.verdict == RUN_FINDING) {
        s->findings++;
        report(s, p, what);
    }
    return 0;
}

/* Steps in which a limit excused something, by limit. */
static void print_limits(const struct soak *s)
{
    const char *before = "# excused steps: ";

    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        if (s->excused[i]) {
            printf("%s%s %" PRIu64, before, limit_descs[i].name, s->excused[i]);
            before = ", ";
        }
    }
    if (s->poisoned || before[0] == ',') {
        printf("%s%" PRIu64 " of %" PRIu64 " steps poisoned\n", before[0] == ',' ? "; " : "# ",
               s->poisoned, s->steps);
    }
}

static void print_summary(const struct soak *s, uint64_t ns)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("# %s: %" PRIu64 " programs, %" PRIu64 " findings, %" PRIu64 " skipped",
           soak_spec(s)->text, s->programs, s->findings, s->skipped);
    if (s->skipped) {
        printf(" (the first: %s)", buf_text(&s->why_skipped));
    }
    printf(";");
    for (int k = 0; k <= SPACE_H_GT_G; k++) {
        printf(" %s %" PRIu64, space_relation_name((enum space_relation)k), s->by_relation[k]);
    }
    printf("; %.0f programs/s, %ld MiB at most\n",
           (double)s->programs * 1e9 / (double)(ns ? ns : 1), usage.ru_maxrss / 1024);
    print_limits(s);
    if (s->common->related) {
        printf("# %" PRIu64 " pairs of related programs compared\n", s->pairs);
    }
    fflush(stdout);
}

static void add_number(struct json_object *o, const char *key, uint64_t value)
{
    json_object_object_add(o, key, json_object_new_uint64(value));
}

static struct json_object *summary_json(struct soak *s, uint64_t ns)
{
    struct json_object *o = json_object_new_object();
    struct json_object *excused = json_object_new_object();
    struct json_object *relations = json_object_new_object();

    json_object_object_add(o, "target", json_text(soak_spec(s)->text));
    add_number(o, "programs", s->programs);
    add_number(o, "findings", s->findings);
    add_number(o, "skipped", s->skipped);
    if (s->skipped) {
        json_object_object_add(o, "reason", json_text(buf_text(&s->why_skipped)));
    }
    add_number(o, "steps", s->steps);
    add_number(o, "poisoned", s->poisoned);
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        if (s->excused[i]) {
            add_number(excused, limit_descs[i].name, s->excused[i]);
        }
    }
    json_object_object_add(o, "excused", excused);
    for (int k = 0; k <= SPACE_H_GT_G; k++) {
        add_number(relations, space_relation_name((enum space_relation)k), s->by_relation[k]);
    }
    json_object_object_add(o, "relations", relations);
    add_number(o, "pairs", s->pairs);
    json_object_object_add(o, "seconds", json_object_new_double((double)ns / 1e9));
    json_object_object_add(o, "reports", s->reports);
    s->reports = NULL;
    return o;
}

void soak_end(struct soak *s)
{
    uint64_t ns = bench_ns() - s->began;

    s->all_findings += s->findings;
    s->all_ran += s->programs - s->skipped;
    s->all_programs += s->programs;
    if (s->all) {
        json_object_array_add(s->all, summary_json(s, ns));
    } else {
        print_summary(s, ns);
    }
}

void soak_finish(struct soak *s)
{
    if (s->all) {
        struct json_object *doc = json_object_new_object();

        json_object_object_add(doc, "targets", s->all);
        json_object_object_add(doc, "summary",
                               counts_json(s->all_ran - s->all_findings, s->all_findings,
                                           s->all_programs - s->all_ran));
        json_emit(doc);
        s->all = NULL;
    }
}
