/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the HTML printer only. */
#pragma once

#include "html.h"

extern const char html_style[];

/*
 * TEXT as HTML text or attribute: what HTML reads is escaped, what is no UTF-8 or could change how
 * the rest is shown (controls, direction) is replaced.
 */
void html_text(const char *text, struct buf *out);
void html_range(struct range r, struct buf *out);
/* "16 KiB" */
void html_size(uint64_t bytes, struct buf *out);

/* What pictures use besides looks, for a legend of no more than that; beside enum look_bit. */
enum html_seen {
    SEEN_FREE = 1 << 16,
    SEEN_PLAIN_R = 1 << 17, /* readable at most */
    SEEN_NONE = 1 << 18,    /* mapped without rights */
    SEEN_GAP = 1 << 19,
    SEEN_CHANGED = 1 << 20,
    SEEN_DIFFERS = 1 << 21,
    SEEN_NAMED = 1 << 22,
    SEEN_BAD = 1 << 23,
    SEEN_WAS_BAD = 1 << 24,
};

/*
 * html_strip.c: what TARGET has after ROW, as a table; WITH_BAD: the first bad page gets its id.
 * Returns what it used, of both enums.
 */
unsigned html_strip(const struct timeline *t, size_t row, size_t target, bool with_bad,
                    struct buf *out);
/* What ROW changed, in words, a list; nothing if there is nothing to say. */
void html_changes(const struct timeline *t, size_t row, struct buf *out);
/* "the first bad page", or what stands for it. */
const char *html_bad_page(const struct timeline *t);
