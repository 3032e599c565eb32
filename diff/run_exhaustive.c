/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_exhaustive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "op/small.h"

int exhaustive_parse(struct exhaustive *ret, const char *text, struct err *e)
{
    char *rest;
    unsigned long steps = strtoul(text, &rest, 10);
    struct exhaustive x = {.steps = (unsigned)steps, .one = *rest == '/'};

    errno = 0;
    if (x.one) {
        x.index = strtoull(rest + 1, &rest, 10);
    }
    if (*rest || errno || steps < 1 || steps > SMALL_STEPS_MAX || text[0] < '0' || text[0] > '9') {
        return err_set(e, -EINVAL,
                       "--exhaustive %s: expected a number of steps from 1 to %d, or STEPS/INDEX",
                       text, SMALL_STEPS_MAX);
    }
    *ret = x;
    return 0;
}

static struct prog_config config_of(const struct target_spec *spec)
{
    struct prog_config c = PROG_CONFIG_DEFAULT;

    for (int key = 0; key < CONFIG_KEY_COUNT; key++) {
        if (spec->override.given & (1u << key)) {
            c.value[key] = spec->override.value[key];
            c.given |= (uint8_t)(1u << key);
        }
    }
    return c;
}

static int run_one(struct soak *s, const struct small_world *w, unsigned steps, uint64_t index,
                   struct prog *p, struct err *e)
{
    char what[64];

    if (small_world_prog(w, steps, index, p) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    snprintf(what, sizeof(what), "--exhaustive %u/%" PRIu64, steps, index);
    return soak_run(s, p, what, e);
}

static int run_world(struct soak *s, const struct small_world *w, const struct exhaustive *which,
                     struct prog *p, struct err *e)
{
    int rc = 0;

    if (which->one) {
        uint64_t count = small_world_count(w, which->steps);

        return which->index < count
                   ? run_one(s, w, which->steps, which->index, p, e)
                   : err_set(e, -ERANGE, "there are %" PRIu64 " programs of %u steps", count,
                             which->steps);
    }
    for (unsigned n = 1; rc == 0 && n <= which->steps; n++) {
        uint64_t count = small_world_count(w, n);

        for (uint64_t i = 0; rc == 0 && i < count; i++) {
            rc = run_one(s, w, n, i, p, e);
        }
    }
    return rc;
}

int run_exhaustive(struct soak *s, const struct exhaustive *which, struct err *e)
{
    struct prog p = PROG_INIT;
    int rc = 0;

    for (size_t t = 0; rc == 0 && t < s->targets->n; t++) {
        struct prog_config c;
        struct small_world w;

        soak_begin(s, t);
        c = config_of(soak_spec(s));
        if (small_world_init(&w, soak_spec(s)->system, &c) < 0) {
            rc = err_set(e, -ENOMEM, "out of memory");
            break;
        }
        rc = run_world(s, &w, which, &p, e);
        small_world_free(&w);
        if (rc == 0) {
            soak_end(s);
        }
    }
    prog_free(&p);
    return rc;
}
