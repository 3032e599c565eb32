/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hostmap/hostmap.h"
#include "pool.h"
#include "rules.h"

/* Index of VALUE in NAMES (NULL-terminated), or -EINVAL with the names that would be right. */
static int pick(const char *option, const char *value, const char *const *names, struct err *e)
{
    struct buf all = BUF_INIT;
    int r = -EINVAL;

    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], value) == 0) {
            r = i;
        }
        buf_fmt(&all, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    if (r < 0) {
        err_set(e, r, "--%s %s: unknown; one of %s", option, value, buf_text(&all));
    }
    buf_free(&all);
    return r;
}

static int set_hostmap(struct common_options *c, const char *value, struct err *e)
{
    if (!hostmap_find(value)) {
        struct buf all = BUF_INIT;
        const struct hostmap_ops *ops;

        for (size_t i = 0; (ops = hostmap_nth(i)); i++) {
            buf_fmt(&all, "%s%s", i > 0 ? ", " : "", ops->name);
        }
        err_set(e, -EINVAL, "--hostmap %s: no such reader here; there are: %s", value,
                buf_text(&all));
        buf_free(&all);
        return -EINVAL;
    }
    free(c->hostmap);
    c->hostmap = strdup(value);
    c->run.hostmap = c->hostmap;
    return c->hostmap ? 0 : err_set(e, -ENOMEM, "out of memory");
}

static const char *const formats[] = {"auto", "text", "binary", NULL};
static const char *const maps[] = {"none", "program", "op", NULL};

int common_option(struct common_options *c, struct target_list *targets, int val, const char *value,
                  struct err *e)
{
    int r;

    switch (val) {
    case 'o':
        return target_list_add(targets, value, e);
    case 'f':
        r = pick("format", value, formats, e);
        c->format = r < 0 ? c->format : (enum prog_format)r;
        return r < 0 ? r : 0;
    case 'm':
        r = pick("maps", value, maps, e);
        c->run.maps = r < 0 ? c->run.maps : (enum map_check)r;
        return r < 0 ? r : 0;
    case 'h' + 256:
        return set_hostmap(c, value, e);
    case 'r' + 256:
        if (rule_find(value) == RULE_NONE) {
            return err_set(e, -EINVAL, "--no-rule %s: no such rule; see docs/RULES.md", value);
        }
        c->rules_off |= rule_bit(rule_find(value));
        return 0;
    case 'l' + 256:
        if (limit_find(value) == LIMIT_NONE) {
            return err_set(e, -EINVAL, "--no-limit %s: no such limit; see docs/LIMITS.md", value);
        }
        c->run.limits_off |= limit_bit(limit_find(value));
        return 0;
    default:
        c->json = true;
        return 0;
    }
}

int option_number(uint64_t *to, const char *option, const char *value, struct err *e)
{
    char *rest;

    errno = 0;
    *to = strtoull(value, &rest, 0);
    if (errno || *rest || rest == value || strchr(value, '-')) {
        return err_set(e, -EINVAL, "--%s %s: not a number", option, value);
    }
    return 0;
}

int option_jobs(unsigned *to, const char *value, struct err *e)
{
    uint64_t n;
    int r = option_number(&n, "jobs", value, e);

    if (r == 0 && (n < 1 || n > POOL_JOBS_MAX)) {
        return err_set(e, -EINVAL, "--jobs %s: expected 1 to %d", value, POOL_JOBS_MAX);
    }
    *to = r < 0 ? *to : (unsigned)n;
    return r;
}

void common_options_print(const struct common_options *c, struct buf *out)
{
    const struct run_options usual = RUN_OPTIONS_DEFAULT;

    if (c->run.maps != usual.maps) {
        buf_fmt(out, "--maps %s ", maps[c->run.maps]);
    }
    if (c->related) {
        buf_fmt(out, "--related %" PRIu64 " ", c->related);
    }
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        if (c->run.limits_off & limit_bit((enum limit_id)i)) {
            buf_fmt(out, "--no-limit %s ", limit_descs[i].name);
        }
    }
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        if (c->rules_off & rule_bit((enum rule_id)i)) {
            buf_fmt(out, "--no-rule %s ", rule_descs[i].name);
        }
    }
    if (c->hostmap) {
        buf_fmt(out, "--hostmap %s ", c->hostmap);
    }
}

void common_options_print_input(const struct common_options *c, const char *path, struct buf *out)
{
    if (c->format != PROG_FORMAT_AUTO) {
        buf_fmt(out, "--format %s ", formats[c->format]);
    }
    if (path[0] == '-' && path[1]) {
        buf_str(out, "-- ");
    }
    buf_word(out, path);
}

void common_options_print_path(const struct common_options *c, const char *path, struct buf *out)
{
    common_options_print(c, out);
    common_options_print_input(c, path, out);
}

int common_options_judge(const struct common_options *c, const struct target_list *targets,
                         struct judge **ret, struct err *e)
{
    struct target_spec *specs = calloc(targets->n, sizeof(*specs));
    int rc;

    if (!specs) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < targets->n; i++) {
        specs[i] = targets->v[i].spec;
    }
    rc = judge_open(ret, specs, targets->n, &c->run, e);
    if (rc == 0) {
        judge_switch_off(*ret, c->rules_off);
    }
    free(specs);
    return rc;
}

void common_options_free(struct common_options *c)
{
    free(c->hostmap);
    *c = COMMON_OPTIONS_INIT;
}
