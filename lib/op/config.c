/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration keys and requirements: their names and which values each may have. */
#include "op/repair.h"

#include <errno.h>
#include <string.h>

#include "base/int.h"

#define RESERVED_MIN (UINT64_C(64) << 10)
#define RESERVED_MAX_32 (UINT64_C(1) << 32)
#define RESERVED_MAX_64 (UINT64_C(1) << 40)
#define VALUES_MAX 4

/* The values of a key in rising order; none for a key that has a rule of its own. */
struct value_set {
    const char *name;
    const char *expected;
    unsigned n;
    uint64_t value[VALUES_MAX];
};

static const struct value_set config_sets[CONFIG_KEY_COUNT] = {
    [CONFIG_GUEST_PAGE] = {"guest_page",
                           "4096, 8192, 16384 or 65536",
                           4,
                           {4096, 8192, 16384, 65536}},
    [CONFIG_HOST_PAGE] = {"host_page", "4096, 16384 or 65536", 3, {4096, 16384, 65536}},
    [CONFIG_BITS] = {"bits", "32 or 64", 2, {32, 64}},
    [CONFIG_RESERVED] = {"reserved",
                         "0 or whole host pages from 64 KiB to the window's size",
                         0,
                         {0}},
    [CONFIG_GUEST_BASE] = {"guest_base", "0 or 1", 2, {0, 1}},
};

static const struct value_set require_sets[REQUIRE_KIND_COUNT] = {
    [REQUIRE_LINUX] = {.name = "linux"},
    [REQUIRE_FREEBSD] = {.name = "freebsd"},
    [REQUIRE_H_EQ_G] = {.name = "h_eq_g"},
    [REQUIRE_H_LT_G] = {.name = "h_lt_g"},
    [REQUIRE_H_GT_G] = {.name = "h_gt_g"},
    [REQUIRE_GUEST_PAGE] = {"guest_page",
                            "4096, 8192, 16384 or 65536",
                            4,
                            {4096, 8192, 16384, 65536}},
    /* 8192 too: a host page is raised to the guest page. */
    [REQUIRE_HOST_PAGE] = {"host_page",
                           "4096, 8192, 16384 or 65536",
                           4,
                           {4096, 8192, 16384, 65536}},
    [REQUIRE_BITS] = {"bits", "32 or 64", 2, {32, 64}},
    [REQUIRE_RESERVED] = {.name = "reserved"},
    [REQUIRE_NO_RESERVED] = {.name = "no_reserved"},
};

static unsigned set_parse(const struct value_set *sets, unsigned n, const char *name, size_t len)
{
    unsigned k = 0;

    while (k < n && (strlen(sets[k].name) != len || memcmp(sets[k].name, name, len) != 0)) {
        k++;
    }
    return k;
}

/* The largest legal value that is not above VALUE, else the smallest. */
static uint64_t set_snap(const struct value_set *set, uint64_t value)
{
    uint64_t best = set->value[0];

    for (unsigned i = 1; i < set->n; i++) {
        if (set->value[i] <= value) {
            best = set->value[i];
        }
    }
    return best;
}

enum config_key config_key_parse(const char *name, size_t len)
{
    return (enum config_key)set_parse(config_sets, CONFIG_KEY_COUNT, name, len);
}

const char *config_key_name(enum config_key key)
{
    return config_sets[key].name;
}

const char *config_expected(enum config_key key)
{
    return config_sets[key].expected;
}

uint64_t config_effective_host_page(const struct prog_config *c)
{
    return u64_max(c->value[CONFIG_HOST_PAGE], c->value[CONFIG_GUEST_PAGE]);
}

static uint64_t reserved_snap(uint64_t value, uint64_t unit, uint64_t max)
{
    if (value == 0) {
        return 0;
    }
    return u64_min(u64_max(u64_align_down(value, unit), RESERVED_MIN), max);
}

static uint64_t config_snap(const struct prog_config *c, enum config_key key)
{
    uint64_t value = c->value[key];
    bool narrow = c->value[CONFIG_BITS] == 32;

    if (!(c->given & (1u << key))) {
        return PROG_CONFIG_DEFAULT.value[key];
    }
    if (key == CONFIG_RESERVED) {
        return reserved_snap(value, config_effective_host_page(c),
                             narrow ? RESERVED_MAX_32 : RESERVED_MAX_64);
    }
    return set_snap(&config_sets[key], value);
}

int config_set(struct prog_config *c, enum config_key key, uint64_t value, struct err *e)
{
    bool ok = key == CONFIG_RESERVED ? reserved_snap(value, 4096, RESERVED_MAX_64) == value
                                     : set_snap(&config_sets[key], value) == value;

    if (!ok) {
        return err_set(e, -EINVAL, "%s=%llu: expected %s", config_sets[key].name,
                       (unsigned long long)value, config_sets[key].expected);
    }
    c->value[key] = value;
    c->given |= (uint8_t)(1u << key);
    return 0;
}

/* Reserved comes after the page sizes and the width it depends on: enum order is repair order. */
const char *config_repair(struct prog_config *c)
{
    uint8_t known = (1u << CONFIG_KEY_COUNT) - 1;
    const char *what = NULL;

    if (c->given & ~known) {
        c->given &= known;
        what = "a key that does not exist";
    }
    for (unsigned key = 0; key < CONFIG_KEY_COUNT; key++) {
        uint64_t legal = config_snap(c, (enum config_key)key);

        if (c->value[key] != legal) {
            c->value[key] = legal;
            what = what ? what : config_sets[key].name;
        }
    }
    return what;
}

int config_check(const struct prog_config *c, struct err *e)
{
    struct prog_config copy = *c;
    const char *what = config_repair(&copy);

    return what ? err_set(e, -EINVAL, "config: no legal value of %s", what) : 0;
}

enum require_kind require_kind_parse(const char *name, size_t len)
{
    return (enum require_kind)set_parse(require_sets, REQUIRE_KIND_COUNT, name, len);
}

const char *require_kind_name(enum require_kind kind)
{
    return require_sets[kind].name;
}

bool require_has_value(enum require_kind kind)
{
    return require_sets[kind].n > 0;
}

const char *require_expected(enum require_kind kind)
{
    return require_sets[kind].expected;
}

bool require_value_ok(enum require_kind kind, uint64_t value)
{
    return set_snap(&require_sets[kind], value) == value;
}

const char *require_repair(struct prog_require *r)
{
    const char *what = NULL;
    uint64_t legal;

    if (r->kind >= REQUIRE_KIND_COUNT) {
        r->kind %= REQUIRE_KIND_COUNT;
        what = "a requirement that does not exist";
    }
    legal = set_snap(&require_sets[r->kind], r->value);
    if (r->value != legal) {
        r->value = legal;
        what = what ? what : "a requirement with an illegal value";
    }
    return what;
}

static unsigned set_index(const struct value_set *set, uint64_t value)
{
    unsigned i = 0;

    while (i + 1 < set->n && set->value[i] != value) {
        i++;
    }
    return i;
}

unsigned config_value_index(enum config_key key, uint64_t value)
{
    return set_index(&config_sets[key], value);
}

uint64_t config_value_at(enum config_key key, unsigned index)
{
    return config_sets[key].value[index % config_sets[key].n];
}

unsigned require_value_index(enum require_kind kind, uint64_t value)
{
    return set_index(&require_sets[kind], value);
}

uint64_t require_value_at(enum require_kind kind, unsigned index)
{
    return require_sets[kind].value[index % require_sets[kind].n];
}
