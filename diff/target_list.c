/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target_list.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"

int target_list_add(struct target_list *l, const char *text, struct err *e)
{
    struct target_entry entry = {0};
    int r = target_parse(&entry.spec, text, e);

    if (r < 0) {
        return r;
    }
    if (vec_reserve(l, l->n + 1) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    l->v[l->n++] = entry;
    return 0;
}

/* What is no layer; a program is skipped where it is not to be had. */
static int run_recorder(struct target_entry *entry, const struct prog *p,
                        const struct run_options *o, struct run_result *ret, struct err *e)
{
    if (!entry->recorder && !entry->absent) {
        int r = recorder_open(&entry->recorder, &entry->spec, &entry->why);

        if (r < 0 && r != -ENOTSUP) {
            return err_set(e, r, "%s", entry->why.text);
        }
        entry->absent = r < 0;
    }
    if (!entry->absent) {
        return recorder_run(entry->recorder, p, o, ret, e);
    }
    buf_clear(&ret->reason);
    buf_str(&ret->reason, entry->why.text);
    ret->verdict = RUN_SKIP;
    return 0;
}

int target_list_run(struct target_list *l, size_t i, const struct prog *p,
                    const struct run_options *o, struct run_result *ret, struct err *e)
{
    struct target_entry *entry = &l->v[i];

    if (entry->spec.kind != TARGET_LAYER) {
        return run_recorder(entry, p, o, ret, e);
    }
    if (!entry->runner) {
        int r = runner_open(&entry->runner, &entry->spec, e);

        if (r < 0) {
            return r;
        }
    }
    return runner_run(entry->runner, p, o, ret, e);
}

void target_list_free(struct target_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        l->v[i].runner = runner_close(l->v[i].runner);
        l->v[i].recorder = recorder_close(l->v[i].recorder);
    }
    free(l->v);
    *l = (struct target_list){0};
}

bool prog_wants_freebsd(const struct prog *p)
{
    for (size_t i = 0; i < p->requires.n; i++) {
        if (p->requires.v[i].kind == REQUIRE_FREEBSD) {
            return true;
        }
    }
    return false;
}
