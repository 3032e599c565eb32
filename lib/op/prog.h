/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program: configuration, conditions, files and ops. Plain values; owns its four arrays. */
#pragma once

#include "base/err.h"
#include "op/op.h"

enum prog_open { PROG_RDWR, PROG_RDONLY, PROG_WRONLY, PROG_OPEN_COUNT };

struct prog_file {
    uint64_t size;
    uint8_t open; /* enum prog_open */
};

/* The configuration keys; each is a default that a command line can override. */
enum config_key {
    CONFIG_GUEST_PAGE, /* 4096, 8192, 16384, 65536 */
    /* 4096, 16384, 65536: what the layer reasons in, raised to the guest page if below it */
    CONFIG_HOST_PAGE,
    CONFIG_BITS,       /* 32, 64: width of a guest address */
    CONFIG_RESERVED,   /* reserved_va in bytes, 0 off */
    CONFIG_GUEST_BASE, /* 0: guest address 0 is host address 0; 1: the window lies anywhere else */
    CONFIG_KEY_COUNT,
};

struct prog_config {
    uint8_t given;  /* bit per config_key: named in the program */
    uint64_t value[CONFIG_KEY_COUNT]; /* defaults filled in where not given */
};

enum require_kind {
    REQUIRE_LINUX,
    REQUIRE_FREEBSD,
    REQUIRE_H_EQ_G,
    REQUIRE_H_LT_G,
    REQUIRE_H_GT_G,
    REQUIRE_GUEST_PAGE, /* value */
    REQUIRE_HOST_PAGE,  /* value */
    REQUIRE_BITS,       /* value */
    REQUIRE_RESERVED,   /* "requires reserved": reserved_va on */
    REQUIRE_NO_RESERVED, /* "requires no_reserved" */
    REQUIRE_KIND_COUNT,
};

struct prog_require {
    uint8_t kind;
    uint64_t value;
};

struct prog {
    struct prog_config config;
    struct {
        struct prog_require *v;
        size_t n, cap;
    } requires;
    struct {
        struct prog_file *v;
        size_t n, cap;
    } files;
    struct {
        struct op *v;
        size_t n, cap;
    } ops;
};

/*
 * An empty program with the default configuration: 4096, 4096, 64, 0, 1. Always valid, owns
 * nothing.
 */
#define PROG_INIT ((struct prog){.config = PROG_CONFIG_DEFAULT})
#define PROG_CONFIG_DEFAULT ((struct prog_config){.value = {4096, 4096, 64, 0, 1}})

void prog_free(struct prog *p);
/* Empty again, memory kept: a fuzzer's loop allocates nothing once it is warm. */
void prog_clear(struct prog *p);
int prog_copy(struct prog *to, const struct prog *from);
bool prog_equal(const struct prog *a, const struct prog *b);
/*
 * Insert before AT (0..n); remove COUNT from AT. 0 or -ENOMEM, -E2BIG over the bound in limits.h.
 */
int prog_insert(struct prog *p, size_t at, const struct op *op);
void prog_remove(struct prog *p, size_t at, size_t count);
int prog_add_file(struct prog *p, struct prog_file f);
int prog_add_require(struct prog *p, struct prog_require r);

/*
 * Byte OFFSET of file FILE before any store: constant over 512 bytes, never 0. README of corpus/
 * documents it.
 */
static inline uint8_t prog_file_byte(unsigned file, uint64_t offset)
{
    return (uint8_t)(1 + (offset / 512 + 37 * (uint64_t)file) % 251);
}

/*
 * Config key by name ("guest_page" ...), CONFIG_KEY_COUNT if unknown; check a value, message in E.
 */
enum config_key config_key_parse(const char *name, size_t len);
const char *config_key_name(enum config_key key);
int config_set(struct prog_config *c, enum config_key key, uint64_t value, struct err *e);
/* The values of KEY in words: "32 or 64". */
const char *config_expected(enum config_key key);
/* The keys together: reserved against bits and host page. 0, or -EINVAL with what is wrong in E. */
int config_check(const struct prog_config *c, struct err *e);
/* The host page the layer works with: config, raised to the guest page. */
uint64_t config_effective_host_page(const struct prog_config *c);

/*
 * Requirement by name ("linux", "guest_page" ...), REQUIRE_KIND_COUNT if unknown; which kinds have
 * a value.
 */
enum require_kind require_kind_parse(const char *name, size_t len);
const char *require_kind_name(enum require_kind kind);
bool require_has_value(enum require_kind kind);
/* The values of such a KIND in words. */
const char *require_expected(enum require_kind kind);
/* Whether a program may state VALUE for KIND (0 for kinds without a value). */
bool require_value_ok(enum require_kind kind, uint64_t value);

/* The wait() of the fork at AT among the ops before STOP; STOP if it is never waited for. */
size_t prog_wait_of(const struct prog *p, size_t at, size_t stop);

/* Take away all expectations: what random bytes say is no knowledge of what should happen. */
void prog_drop_expectations(struct prog *p);

/* Every structural rule of a valid program. 0, or -EINVAL with what is wrong in E. */
int prog_check(const struct prog *p, struct err *e);
/*
 * Make any program valid, changing as little as possible: a valid program is left as it is, so
 * repairing twice is repairing once.
 */
void prog_fixup(struct prog *p);
