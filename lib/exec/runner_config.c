/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a program runs: its configuration under the target's overrides, the conditions it states,
 * the window. A configuration that cannot be had on this machine skips the program, or is moved to
 * the nearest that can be had.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exec/runner_impl.h"

/*
 * Linux's own default for an unprivileged process; fixed, so that placement does not depend on the
 * machine.
 */
#define MIN_ADDR UINT64_C(0x10000)

__attribute__((format(printf, 2, 3))) static int skip(struct runner *r, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    buf_clear(&r->res->reason);
    buf_str(&r->res->reason, text);
    r->res->verdict = RUN_SKIP;
    return 1;
}

static uint64_t *config_value(struct runner *r, enum config_key key)
{
    return &r->res->config.value[key];
}

static void effective_config(struct runner *r)
{
    const struct prog_config *over = &r->spec.override;

    r->res->config = r->prog->config;
    for (int key = 0; key < CONFIG_KEY_COUNT; key++) {
        if (over->given & (1u << key)) {
            *config_value(r, key) = over->value[key];
        }
    }
    r->res->config.given = (1u << CONFIG_KEY_COUNT) - 1;
}

/* The page sizes; what depends on the window comes later. */
static void space_pages(struct runner *r)
{
    uint64_t host_page = config_effective_host_page(&r->res->config);
    uint64_t real_page = r->machine->ops->page(r->machine, *config_value(r, CONFIG_HOST_PAGE));

    r->res->space = (struct space){
        .bits = (unsigned)*config_value(r, CONFIG_BITS),
        .guest_page = *config_value(r, CONFIG_GUEST_PAGE),
        .host_page = u64_max(host_page, real_page),
        .real_page = real_page,
    };
}

static bool require_holds(const struct runner *r, const struct prog_require *q)
{
    const struct space *s = &r->res->space;
    uint64_t reserved = r->res->config.value[CONFIG_RESERVED];

    switch ((enum require_kind)q->kind) {
    case REQUIRE_LINUX:
        return r->spec.system == ABI_LINUX;
    case REQUIRE_FREEBSD:
        return r->spec.system == ABI_FREEBSD;
    case REQUIRE_H_EQ_G:
        return space_relation(s) == SPACE_H_EQ_G;
    case REQUIRE_H_LT_G:
        return space_relation(s) == SPACE_H_LT_G;
    case REQUIRE_H_GT_G:
        return space_relation(s) == SPACE_H_GT_G;
    case REQUIRE_GUEST_PAGE:
        return s->guest_page == q->value;
    case REQUIRE_HOST_PAGE:
        return s->host_page == q->value;
    case REQUIRE_BITS:
        return s->bits == q->value;
    case REQUIRE_RESERVED:
        return reserved != 0;
    case REQUIRE_NO_RESERVED:
        return reserved == 0;
    default:
        return false;
    }
}

static int check_requires(struct runner *r)
{
    for (size_t i = 0; i < r->prog->requires.n; i++) {
        const struct prog_require *q = &r->prog->requires.v[i];

        if (!require_holds(r, q)) {
            const char *name = require_kind_name((enum require_kind)q->kind);

            return require_has_value((enum require_kind)q->kind)
                       ? skip(r, "requires %s=%" PRIu64, name, q->value)
                       : skip(r, "requires %s", name);
        }
    }
    return 0;
}

/* Bytes of reserved_va that fit a window of SIZE bytes, nearest to those asked for. */
static uint64_t fitting_reserved(const struct runner *r, uint64_t size)
{
    uint64_t unit = r->res->space.host_page;
    uint64_t asked = u64_min(r->res->config.value[CONFIG_RESERVED], size);
    uint64_t fit = u64_align_down(asked, unit);

    return fit || asked == 0 ? fit : unit;
}

/*
 * 0 with the window as the program finds it, 1 skipped, -EADDRNOTAVAIL if guest_base 0 cannot be
 * had, or an error.
 */
static int take_window(struct runner *r)
{
    const struct machine_want want = {
        .bits = (unsigned)*config_value(r, CONFIG_BITS),
        .zero = *config_value(r, CONFIG_GUEST_BASE) == 0,
        .host_page = *config_value(r, CONFIG_HOST_PAGE),
    };
    const struct machine_ops *machine = r->machine->ops;
    uint64_t *reserved = config_value(r, CONFIG_RESERVED);
    struct machine_window *w = &r->window;
    struct space *s = &r->res->space;
    int rc = machine->take(r->machine, &want, w, r->err);

    if (rc < 0) {
        return rc;
    }
    if (*reserved != fitting_reserved(r, w->size)) {
        if (!r->opt.adapt_config) {
            return skip(r,
                        "reserved=0x%" PRIx64 " cannot be had here: window of 0x%" PRIx64
                        " bytes, host page %" PRIu64,
                        *reserved, w->size, s->host_page);
        }
        *reserved = fitting_reserved(r, w->size);
    }
    rc = machine->reset(r->machine, *reserved, r->err);
    if (rc < 0) {
        return rc;
    }
    r->has_window = true;
    s->guest_base = w->base;
    s->reserved_va = *reserved;
    s->window_last = (*reserved ? *reserved : w->size) - 1;
    s->min_addr = u64_max(r->spec.system == ABI_LINUX ? MIN_ADDR : 0, w->min_addr);
    return 0;
}

/* A machine that forks in this process needs a layer that can be copied. */
static int check_forks(struct runner *r)
{
    if (!r->machine->ops->fork || layer_can_copy(r->spec.layer)) {
        return 0;
    }
    for (size_t i = 0; i < r->prog->ops.n; i++) {
        if (r->prog->ops.v[i].kind == OP_fork) {
            return skip(r, "forks on host=%s, and the layer %s cannot be copied",
                        r->machine->ops->name, r->spec.layer->name);
        }
    }
    return 0;
}

int runner_configure(struct runner *r)
{
    const char *wrong;
    int rc;

    effective_config(r);
    space_pages(r);
    rc = check_requires(r);
    rc = rc != 0 ? rc : check_forks(r);
    if (rc != 0) {
        return rc;
    }
    rc = take_window(r);
    if (rc == -EADDRNOTAVAIL && *config_value(r, CONFIG_GUEST_BASE) == 0) {
        if (!r->opt.adapt_config) {
            return skip(r, "guest_base=0 cannot be had here: %s", r->err->text);
        }
        *config_value(r, CONFIG_GUEST_BASE) = 1;
        rc = take_window(r);
    }
    if (rc != 0) {
        return rc;
    }
    wrong = space_check(&r->res->space);
    return wrong ? skip(r, "cannot run so: %s", wrong) : 0;
}
