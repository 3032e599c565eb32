/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The laws of mmap: from one program another that must have the same effects. Programs only; who
 * runs and compares the two is somebody else.
 */
#pragma once

#include "base/range.h"
#include "op/prog.h"

enum law {
#define LAW(id, name, title) LAW_##id,
#include "op/law.def"
#undef LAW
    LAW_COUNT,
};

struct law_desc {
    const char *name;
    const char *title;
};
extern const struct law_desc laws[LAW_COUNT];

/*
 * Two programs of equal effect. Op i of A is op i of B up to AT, and op i + EXTRA behind it; both
 * end with their last op's effects equal.
 */
struct law_pair {
    struct prog a, b;
    size_t at;
    size_t extra;
};
#define LAW_PAIR_INIT ((struct law_pair){.a = PROG_INIT, .b = PROG_INIT})
void law_pair_free(struct law_pair *pair);

/*
 * LAW applied to op AT of P, which succeeded, on a guest with pages of PAGE bytes; FREE is a range
 * of whole pages in which nothing is mapped at that time. 1 with *RET filled, 0 if the law says
 * nothing of that op, or -ENOMEM. Expectations are dropped.
 */
int law_apply(enum law law, const struct prog *p, size_t at, uint64_t page, struct range free,
              struct law_pair *ret);
