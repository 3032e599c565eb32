/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of peers: peers.c (steps and outcomes), peers_state.c (what is mapped, what pages
 * hold), peers_named.c (what an op names). Addresses are the first target's; those of the second
 * are shifted to the first's window as soon as they are read, and renamed from there.
 */
#pragma once

#include "apart.h"
#include "inv/limit.h"
#include "peers.h"
#include "rename.h"
#include "rules.h"

enum { NAMED_MAX = 3 };

/* The guest pages that an op names, on either side. */
struct named {
    unsigned n;
    struct range a[NAMED_MAX];
    struct range b[NAMED_MAX]; /* not renamed */
    bool exact;                /* the same pages in the same order, */
    bool same;                 /* or such as are free on both sides */
};

/* What a process has to itself, put away for the time of its child. */
struct peers_parent {
    struct rename rename;
    struct region_vec pages;
    size_t before_a, before_b;
    struct object_names names; /* what a child makes has a number that its parent gives out again */
};

struct peers {
    const struct prog *prog;
    const struct record *a, *b;
    uint64_t rules_off;
    struct rename rename;
    struct apart apart;
    struct object_names names;
    struct peers_parent parents[PROG_FORKS_MAX];
    unsigned depth;
    /* Behind the last steps of this process that say what is mapped; 0: none has. */
    size_t before_a, before_b;
    struct region_vec x, y; /* scratch: what both have mapped, in normal form */
    struct named named;     /* of the current step */
    /* The lists that were compared last and found alike: nothing has changed since. */
    struct record_slice seen_a, seen_b;
    bool seen;
};

static inline uint64_t peers_shift(const struct peers *p, uint64_t b)
{
    return b - p->b->place.window + p->a->place.window;
}

static inline struct range peers_shift_range(const struct peers *p, struct range b)
{
    return (struct range){peers_shift(p, b.start), peers_shift(p, b.last)};
}

static inline struct range peers_unshift(const struct peers *p, struct range b)
{
    uint64_t back = p->b->place.window - p->a->place.window;

    return (struct range){b.start + back, b.last + back};
}

/* What R's target has mapped before the current step, at its own addresses, and after step I. */
static inline struct region_vec peers_before(const struct peers *p, const struct record *r)
{
    size_t at = r == p->a ? p->before_a : p->before_b;

    return at > 0 ? record_regions(r, at - 1) : REGION_VEC_INIT;
}

static inline struct region_vec peers_after(const struct peers *p, const struct record *r, size_t i)
{
    return r->steps.v[i].has_regions ? record_regions(r, i) : peers_before(p, r);
}

/* peers_named.c */
/* What step AT names, into p->named. */
void peers_name(struct peers *p, size_t at);
bool peers_is_named(const struct peers *p, struct range where);
/* What step I names is from now on not compared, nor what it shares. 0 or -ENOMEM. */
int peers_part(struct peers *p, size_t i);
/* Whether it names pages that are not compared; the same, or pages whose bytes are not. */
bool peers_touches_apart(const struct peers *p);
bool peers_meets_apart(const struct peers *p, size_t i);
/* What both placed is the same from now on. */
int peers_rename(struct peers *p, size_t i);
/*
 * The same, and both have done it to the same pages: what it maps anew is alike again, what it
 * moves takes its state along.
 */
int peers_settle(struct peers *p, size_t i);

/* peers_state.c */
/* 0 with *RET filled if there is a difference, or -ENOMEM. */
int peers_state(struct peers *p, size_t i, struct compare_result *ret);
/* Whether nothing can be said of the page at AT after step I. */
bool peers_page_hidden(const struct peers *p, size_t i, uint64_t at);

/* peers.c */
/*
 * A difference of step I, WHAT of it: excused by a rule or a limit, noted in RET, or not (false).
 * OP NULL: between ops, where limits alone count.
 */
bool peers_excused(const struct peers *p, size_t i, enum compare_what what,
                   struct compare_result *ret);
