/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program did to the address spaces of its targets, laid out to be drawn: a row per step, a
 * column per page of interest, per target what its views have there. Made from records alone, so
 * that any target can be drawn; how it looks, as HTML or in a terminal, is up to the printers.
 *
 * Addresses are relative to the window, as programs write them.
 */
#pragma once

#include "exec/record.h"
#include "look.h"

/* The views of a target, in the order they are drawn. */
enum timeline_lane {
    LANE_PAGES, /* what the guest has: page flags of a layer, areas of a kernel */
    LANE_HOST,  /* layers: what the host has at the guest's addresses */
    LANE_MODEL, /* layers: what the guest's kernel would have */
    LANE_COUNT,
};

/* What there is to draw. */
struct timeline_subject {
    const struct prog *prog;
    const struct record *records; /* one per target; one without steps says nothing */
    size_t n_records;
    bool finding;
    size_t bad_op; /* FINDING: index in the program's ops; their number: none of them */
    bool has_where;
    struct range where; /* FINDING: the bad range */
};

struct timeline_target {
    const struct record *record;
    uint64_t page, host_page, real_page; /* T, H, R */
    bool has[LANE_COUNT];                /* some step shows this view */
    struct region taken;                 /* what the guest has before the first step, */
    size_t n_taken;                      /* 0 or 1 of it */
};

struct timeline_column {
    struct range r;
    bool gap; /* a stretch in which nothing begins, ends or is named by an op */
};

/* What an op names, and what it was given in its place, on one target. */
enum { NAMED_MAX = 2 };
struct timeline_named {
    unsigned n;
    struct range v[NAMED_MAX];
};

struct timeline_row {
    uint8_t what; /* enum record_what */
    size_t op;    /* RECORD_OP */
    unsigned process;
    unsigned depth; /* of processes within each other */
    bool changed;   /* some view of some target */
    bool bad;       /* the step of the finding */
    bool touched;   /* named the bad page, or changed it */
    bool drawn;     /* not only text */
};

#define TIMELINE_NO_STEP SIZE_MAX

struct timeline {
    struct timeline_subject subject;
    struct {
        struct timeline_target *v;
        size_t n, cap;
    } targets;
    struct {
        struct timeline_row *v;
        size_t n, cap;
    } rows;
    struct {
        size_t *v;
        size_t n, cap;
    } steps; /* of each row, one per target: index in its record, or TIMELINE_NO_STEP */
    struct {
        struct timeline_column *v;
        size_t n, cap;
    } columns;
    uint64_t unit;            /* bytes per column that is no gap: the smallest page there is */
    uint64_t block;           /* the largest: columns come and go by it */
    bool cut_left, cut_right; /* pages of interest beyond the columns are not drawn */
    bool has_bad;             /* there is a page to point at: */
    bool bad_is_named;        /* the first that the bad op named, as none is known to be bad */
    struct range bad;         /* else the first of the bad range */
    size_t left_out;          /* rows that would be drawn if there were not too many */
};
#define TIMELINE_INIT ((struct timeline){.left_out = 0})

struct timeline_limits {
    size_t columns; /* at most, but for the pages of one block */
    size_t cells;   /* in all that is drawn, about */
};

/* 0 or -ENOMEM. T borrows what S points to. */
int timeline_build(struct timeline *t, const struct timeline_subject *s,
                   const struct timeline_limits *limits);
void timeline_free(struct timeline *t);

/* The step of TARGET in ROW, NULL if it has none; its index in *AT (may be NULL). */
const struct record_step *timeline_step(const struct timeline *t, size_t row, size_t target,
                                        size_t *at);
/* The limits that excused something in ROW on any target, as a set. */
uint64_t timeline_excused(const struct timeline *t, size_t row);
struct timeline_named timeline_named(const struct timeline *t, size_t row, size_t target);
/* What LANE of TARGET has after ROW; false if it was not looked at then. */
bool timeline_view(const struct timeline *t, size_t row, size_t target, enum timeline_lane lane,
                   struct region_vec *ret);
/*
 * The same before ROW, as its process had it: what a program starts with at first, but
 * for a host, which is false until it was looked at.
 */
bool timeline_view_before(const struct timeline *t, size_t row, size_t target,
                          enum timeline_lane lane, struct region_vec *ret);
/* R of TARGET relative to its window; false if it lies below. */
bool timeline_relative(const struct timeline_target *t, struct range *r);
/* R, relative to the window, as TARGET has it. */
struct range timeline_absolute(const struct timeline *t, size_t target, struct range r);
/* "page flags" of a layer, "pages" of what has no other views; "host map", "model". */
const char *timeline_lane_name(const struct timeline_target *t, enum timeline_lane lane);
/* Bytes of one cell of LANE. */
uint64_t timeline_lane_page(const struct timeline_target *t, enum timeline_lane lane);
/* How many columns from I on one cell of PAGE bytes covers; a gap is one. */
size_t timeline_span(const struct timeline *t, size_t i, uint64_t page);
/* A host page of TARGET begins at column I, or a gap does, or ends. */
bool timeline_starts_page(const struct timeline *t, size_t target, size_t i);
/* Column I's address is worth being written. */
bool timeline_wants_address(const struct timeline *t, size_t i);
