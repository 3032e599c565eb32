/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records made by hand, and their timeline. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/timeline.h"

enum { BED_TARGETS_MAX = 3, BED_PAGE = 4096 };

struct bed {
    struct prog prog;
    struct record record[BED_TARGETS_MAX];
    struct timeline_subject subject;
    struct timeline timeline;
    struct timeline_limits limits;
    struct buf text;
};

/* A program, and as many targets named "one", "two", "three" with pages of 4096 bytes. */
void bed_open(struct bed *b, const char *text, size_t n_targets);
void bed_close(struct bed *b);
/* TARGET is a layer over host pages of HOST_PAGE and real ones of REAL_PAGE bytes. */
void bed_layer(struct bed *b, size_t target, uint64_t host_page, uint64_t real_page);

/* The next op of TARGET, with its outcome; its arguments are those of the program, as they are. */
struct record_step *bed_op(struct bed *b, size_t target, size_t op, struct outcome o);
struct record_step *bed_ok(struct bed *b, size_t target, size_t op, uint64_t value);
/* A step that is no op. */
struct record_step *bed_state(struct bed *b, size_t target, enum record_what what,
                              unsigned process);

/*
 * What LANE of TARGET has after the last step: from AT on, a character per UNIT bytes: r, w (rw), x
 * (rx), t (rw, watched), - no right, . free, # guard, s shared, * snapshot.
 */
void bed_view(struct bed *b, size_t target, enum timeline_lane lane, uint64_t at, uint64_t unit,
              const char *pages);
/* The finding that the timeline is about. */
void bed_bad(struct bed *b, size_t op);
void bed_bad_at(struct bed *b, size_t op, uint64_t start, uint64_t last);
void bed_build(struct bed *b);
/* B's text is that of tests/data/timeline/NAME; TEST_REWRITE=1 writes it anew. */
void bed_golden(struct bed *b, const char *name);
