/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "triage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/int.h"
#include "base/vec.h"

enum { SLUG_MAX = 100, SLUG_HASH = 8 };

static const char *const state_names[CRASH_STATE_COUNT] = {
    [CRASH_WAITING] = "not judged",   [CRASH_FINDING] = "finding",
    [CRASH_HOLDS] = "holds",          [CRASH_SKIPPED] = "skipped",
    [CRASH_FAILED] = "harness error", [CRASH_UNREADABLE] = "unreadable",
    [CRASH_IGNORED] = "ignored",
};

const char *crash_state_name(enum crash_state s)
{
    return state_names[s];
}

void crash_list_free(struct crash_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->v[i].path);
        free(l->v[i].name);
        buf_free(&l->v[i].why);
        buf_free(&l->v[i].signature);
    }
    free(l->v);
    *l = (struct crash_list){0};
}

static bool is_smaller(const struct crash *a, const struct crash *b)
{
    if (a->ops != b->ops) {
        return a->ops < b->ops;
    }
    if (a->size != b->size) {
        return a->size < b->size;
    }
    return strcmp(a->name, b->name) < 0;
}

static struct crash_group *find_group(struct crash_groups *g, const char *signature)
{
    for (size_t i = 0; i < g->n; i++) {
        if (strcmp(g->v[i].signature, signature) == 0) {
            return &g->v[i];
        }
    }
    return NULL;
}

static int by_signature(const void *a, const void *b)
{
    return strcmp(((const struct crash_group *)a)->signature,
                  ((const struct crash_group *)b)->signature);
}

int crash_group(const struct crash_list *l, struct crash_groups *ret)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct crash *c = &l->v[i];
        struct crash_group *g;

        if (c->state != CRASH_FINDING) {
            continue;
        }
        g = find_group(ret, buf_text(&c->signature));
        if (!g) {
            if (vec_reserve(ret, ret->n + 1) < 0) {
                return -ENOMEM;
            }
            g = &ret->v[ret->n++];
            *g = (struct crash_group){.signature = buf_text(&c->signature), .best = i};
        }
        g->n_files++;
        if (is_smaller(c, &l->v[g->best])) {
            g->best = i;
        }
    }
    if (ret->n > 1) {
        qsort(ret->v, ret->n, sizeof(*ret->v), by_signature);
    }
    return 0;
}

void crash_groups_free(struct crash_groups *g)
{
    for (size_t i = 0; i < g->n; i++) {
        free(g->v[i].kept);
    }
    free(g->v);
    *g = (struct crash_groups){0};
}

void signature_slug(const char *signature, struct buf *out)
{
    static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    bool lossy = *signature == '/' || *signature == '\0';
    size_t len = strlen(signature);
    char hash[SHA256_TEXT_MAX];

    for (size_t i = 0; i < len && i < SLUG_MAX; i++) {
        bool slash = signature[i] == '/' && out->len > 0;
        bool keep = strchr(kept, signature[i]) != NULL;

        buf_str(out, slash ? "." : keep ? (const char[]){signature[i], '\0'} : "-");
        lossy |= !slash && !keep;
    }
    if (lossy || len > SLUG_MAX) {
        sha256_text(signature, len, hash);
        buf_fmt(out, "-%.*s", SLUG_HASH, hash);
    }
}
