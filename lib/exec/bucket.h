/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings kept apart by tools that sort crashes by their stacks, or by the words of a failed
 * assertion: every finding of ours ends in the same abort().
 */
#pragma once

/*
 * Print "[twinmap] ASSERTION FAILED: SIGNATURE" on stderr, REPORT behind it, and abort on a stack
 * whose last frames are chosen by SIGNATURE: equal ones give equal stacks, in every build.
 */
_Noreturn void bucket_abort(const char *signature, const char *report);
