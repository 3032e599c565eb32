/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder of findings that twinmap triage keeps: a folder for each, by its signature. It lasts:
 * a later run adds and replaces, and what it would write as it is stays untouched. Every file
 * appears whole or not at all, and a new finding's folder with all its files.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* In it, and nowhere else, so that it is known when met. */
#define FINDINGS_MARK_FILE "README.txt"
#define FINDINGS_MARK "twinmap findings 1\n"

enum finding_change { FINDING_NEW, FINDING_UPDATED, FINDING_UNCHANGED };
/* "new", ... */
const char *finding_change_name(enum finding_change c);

struct finding_file {
    const char *name;
    const struct buf *text; /* NULL: there is to be none */
};

bool is_findings_folder(const char *path);
/*
 * Whether OUT is one or can become one: it is not there, or empty. 0, or a negative errno with one
 * line in E.
 */
int findings_check(const char *out, struct err *e);
/* Make it one if need be. The same. */
int findings_make(const char *out, struct err *e);
/*
 * Write the N files into the folder SLUG of OUT; others in it stay. 0 with what that changed in
 * *RET, or a negative errno with one line in E.
 */
int finding_write(const char *out, const char *slug, const struct finding_file *files, size_t n,
                  enum finding_change *ret, struct err *e);
/* File NAME of SLUG. 0 or a negative errno. */
int finding_read(const char *out, const char *slug, const char *name, struct buf *text);
