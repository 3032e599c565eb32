/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Crash files of fuzzing engines: found in folders, and what became of each; groups of them. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/sha256.h"
#include "op/prog.h"

enum crash_state {
    CRASH_WAITING, /* a program, not judged yet */
    CRASH_FINDING,
    CRASH_HOLDS,
    CRASH_SKIPPED,    /* cannot run on the target */
    CRASH_FAILED,     /* the harness did */
    CRASH_UNREADABLE, /* by its name a program; cannot be read as one */
    CRASH_IGNORED,    /* by its name no program */
    CRASH_STATE_COUNT,
};
/* "finding", "holds", ... */
const char *crash_state_name(enum crash_state s);

struct crash {
    char *path;
    char *name; /* below the folder that was named */
    enum crash_state state;
    uint64_t size;
    char hash[SHA256_TEXT_MAX]; /* "" if it was not read */
    size_t twin; /* index of the first file with the same bytes, read in the same way; or its own */
    size_t ops;  /* of a program that was judged */
    struct buf why; /* what is wrong: SKIPPED, FAILED, UNREADABLE, IGNORED; FINDING: the reason */
    struct buf signature; /* FINDING */
};

struct crash_list {
    struct crash *v;
    size_t n, cap;
};

/*
 * Append what is below FOLDER: each file once, in order of its name, and folders that must not or
 * cannot be entered. 0, or a negative errno with one line in E if FOLDER itself cannot be read.
 * Nothing that is no regular file is opened.
 */
int crash_scan(struct crash_list *l, const char *folder, struct err *e);
void crash_list_free(struct crash_list *l);
/* The program in PATH, as twinmap run reads it. 0, or a negative errno with the reason in E. */
int crash_load(struct prog *p, const char *path, struct err *e);

/*
 * Read PATH if it is a regular file of at most LIMIT bytes. 0, or a negative errno with the reason
 * in E.
 */
int crash_read(const char *path, size_t limit, struct buf *out, struct err *e);

/* Files that fail in the same way. */
struct crash_group {
    const char *signature; /* of a crash of the list */
    size_t best;           /* the smallest: fewest ops, then bytes, then by name */
    size_t n_files;        /* duplicates too */
    char *kept;            /* the signature that what is kept of it has; NULL until that is known */
};

struct crash_groups {
    struct crash_group *v;
    size_t n, cap;
};

/* The findings of L by signature, in order of these. 0 or -ENOMEM. */
int crash_group(const struct crash_list *l, struct crash_groups *ret);
void crash_groups_free(struct crash_groups *g);
/* The name of a folder for SIGNATURE: of letters, digits, '.', '_' and '-', one for each. */
void signature_slug(const char *signature, struct buf *out);
