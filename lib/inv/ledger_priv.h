/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger's inside, for ledger.c (the book), ledger_step.c (what an op does to it) and the
 * checks that read it. A piece says where memory comes from and what it holds; addresses without a
 * piece are not known.
 */
#pragma once

#include "inv/inv_priv.h"

enum {
    LEDGER_PIECES_MAX = 512,
    LEDGER_STUCK_MAX = 16,
};

enum ledger_content {
    LEDGER_UNKNOWN,
    LEDGER_ZERO, /* fresh anonymous memory */
    LEDGER_FILE, /* what the file holds there now, zeros behind its end */
    LEDGER_BYTE, /* stored: every byte is VALUE */
};

struct ledger_piece {
    struct range r;
    uint8_t content; /* enum ledger_content */
    uint8_t value;
    bool shared; /* the object itself: stores reach it */
    bool file;
    uint32_t
        /*
         * index of the file, or number of a shared anonymous object; 0 for private anonymous memory
         */
        object;
    uint64_t offset; /* of r.start in the object */
};

struct ledger_file {
    bool dirty; /* [first, last] holds every byte that may differ from the program's pattern */
    bool wild;  /* a shared map of it was forgotten: it may change at any time */
    uint64_t first, last;
};

struct inv_ledger {
    const struct prog *prog;
    uint64_t page; /* T */
    size_t n;
    struct ledger_piece v[LEDGER_PIECES_MAX];
    size_t n_moved;
    struct ledger_piece moved[LEDGER_PIECES_MAX]; /* scratch of a move */
    struct ledger_file files[PROG_FILES_MAX];
    bool wild_anon; /* a shared anonymous map was forgotten */
    uint32_t objects;
    size_t next; /* piece at which the next round of samples begins */
    size_t n_stuck;
    struct range stuck[LEDGER_STUCK_MAX];
};

/* ---- ledger.c ---- */

/* Index of the first piece whose last is >= AT. */
size_t ledger_find(const struct inv_ledger *l, uint64_t at);
/* Make R begin and end at pieces' borders: pieces [*FIRST, *PAST) are those inside. */
void ledger_cut(struct inv_ledger *l, struct range r, size_t *first, size_t *past);
void ledger_remove(struct inv_ledger *l, struct range r);
/* Replace what R = P->r held. */
void ledger_set(struct inv_ledger *l, const struct ledger_piece *p);
/* Contents of R are not known any more; where they come from still is. */
void ledger_forget(struct inv_ledger *l, struct range r);
/* Join equal neighbours. */
void ledger_merge(struct inv_ledger *l);

/* The same memory LEN bytes further on, as far as both speak of one object. */
static inline uint64_t ledger_offset_at(const struct ledger_piece *p, uint64_t at)
{
    return p->offset + (at - p->r.start);
}

static inline uint64_t ledger_offset_last(const struct ledger_piece *p)
{
    return p->offset + (p->r.last - p->r.start);
}

static inline uint64_t ledger_file_size(const struct inv_ledger *l, const struct ledger_piece *p)
{
    return l->prog->files.v[p->object].size;
}

/*
 * The piece that a successful mmap made at AT, as long as it is uniform: up to EOF its file's
 * bytes, behind EOF's page not known. False if AT is not in the call's range.
 */
bool ledger_mapped(const struct inv_view *v, uint64_t at, struct ledger_piece *ret);

/* LEN bytes of P's file from OFFSET as they were before any store, zeros behind its end. */
void ledger_fresh_file(const struct inv_view *v, const struct ledger_piece *p, uint64_t offset,
                       size_t len, uint8_t *buf);
/* What P must hold at [AT, AT + LEN); false if that is not known. LEN at most LEDGER_CHUNK. */
enum { LEDGER_CHUNK = 4096 };
bool ledger_expected(const struct inv_view *v, const struct ledger_piece *p, uint64_t at,
                     size_t len, uint8_t *buf);

/*
 * Host state that no layer could mend, because the host refused to give a block back or to undo a
 * step (host_fail). Until a call succeeds there, books and host may disagree in that range. Noted
 * before the checks; noting twice is noting once.
 */
void inv_ledger_note_stuck(struct inv_ledger *l, const struct inv_view *v);
/* Is AT stuck? *LAST is lowered to the last address for which the answer holds. L may be NULL. */
bool inv_ledger_stuck(const struct inv_ledger *l, uint64_t at, uint64_t *last);
