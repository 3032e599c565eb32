/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A timeline as one HTML file that needs nothing else: no script, no network, light and dark. The
 * first bad page has the id "bad", or what is bad if that is no page.
 */
#pragma once

#include "timeline.h"

enum report_verdict { REPORT_PASSED, REPORT_FINDING, REPORT_SKIPPED };

struct report {
    const struct timeline *timeline;
    enum report_verdict verdict;
    const char *path;      /* of the program */
    const char *signature; /* FINDING */
    const char *reason;    /* FINDING: the violation; SKIPPED: why */
    const char *command;   /* to run next */
};

void report_html(const struct report *r, struct buf *out);
