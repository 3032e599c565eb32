/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside lib/op only. Import reads a log twice with the same code: the first time to learn what it
 * uses without showing how it came to be mapped, how far the heap grows and how large files are,
 * the second time to write programs.
 */
#pragma once

#include "base/range.h"
#include "op/import.h"
#include "op/import_log.h"

/* Kernels that log %memory with addresses rebased by bytes have this page; programs say so. */
#define IMPORT_PAGE 4096

#define IMPORT_NONE SIZE_MAX

/* import_books.c: which result covers which addresses of the log. At most one does at any time. */
struct import_area {
    struct range r;
    uint16_t ref;
    uint64_t offset; /* R.start is result REF + OFFSET */
};

struct import_areas {
    struct import_area *v;
    size_t n, cap;
};

struct import_books {
    struct import_areas live;
    struct import_areas seen; /* all that ever was, newest last */
};

struct import_piece {
    struct range r;
    bool live;
    struct value at; /* of R.start, if live */
};

void books_free(struct import_books *b);
/* R is result REF + OFFSET from now on, whatever it was. 0 or -ENOMEM. */
int books_add(struct import_books *b, struct range r, uint16_t ref, uint64_t offset);
int books_cut(struct import_books *b, struct range r);
/* The part of WANT from its start that lies in one result, or in none. */
struct import_piece books_piece(const struct import_books *b, struct range want);
/* ADDR by a result that covers it or once did; false if none ever did. */
bool books_recall(const struct import_books *b, uint64_t addr, struct value *ret);

/* import_fd.c: what a descriptor stands for. */
enum import_file_kind { IMPORT_UNKNOWN, IMPORT_REGULAR, IMPORT_OTHER };

struct import_file {
    enum import_file_kind kind;
    struct log_word path; /* empty: none known */
    uint8_t open;         /* enum prog_open */
    bool sized;
    uint64_t size; /* largest the log tells */
    uint64_t need; /* last byte mapped, plus one */
};

struct import_fd {
    uint64_t fd;
    size_t file; /* index in the importer's files */
    bool cloexec;
};

struct import_table {
    struct import_fd *v;
    size_t n, cap;
};

/* import.c */
struct import_plan {
    struct {
        struct range *v;
        size_t n, cap;
    } touched; /* used without having been mapped */
    uint64_t brk_max;
    bool brk_regrown; /* grew after it had shrunk */
};

struct import_work {
    struct import_space out;
    struct import_books books;
    uint64_t pid;
    uint16_t next_result;
    uint64_t mapped; /* bytes asked for in all */
    bool brk_known;
    bool brk_shrunk;
    uint64_t brk; /* the break of the moment */
    bool heap;    /* the heap's place is kept */
    struct {
        size_t *v; /* file of the importer, by file of the program */
        size_t n, cap;
    } files;
};

struct import_task {
    uint64_t pid;
    size_t space; /* IMPORT_NONE until its first memory call */
    size_t table;
    uint64_t brk; /* inherited by fork; 0: unknown */
};

/* How a task came to be, where the log has it. */
struct import_birth {
    uint64_t child;
    uint64_t parent;
    bool share_memory;
    bool share_files;
};

/* The old range of an mremap that another thread's calls run into. */
struct import_pending {
    size_t call;
    bool live;
    struct value at;
};

struct importer {
    struct log log;
    struct err *e;
    bool scout;      /* the first time through */
    size_t previous; /* task of the event before */
    size_t next_file;
    struct {
        struct import_plan *v;
        size_t n, cap;
    } plans;
    struct {
        struct import_work *v;
        size_t n, cap;
    } works;
    struct {
        struct import_task *v;
        size_t n, cap;
    } tasks;
    struct {
        struct import_table *v;
        size_t n, cap;
    } tables;
    struct {
        struct import_file *v;
        size_t n, cap;
    } files;
    struct {
        struct import_birth *v;
        size_t n, cap;
    } births;
    struct {
        struct import_pending *v;
        size_t n, cap;
    } pending;
};

/* One call at work. */
struct import_ctx {
    struct importer *im;
    const struct log_call *c;
    size_t call;
    struct import_task *task;
    struct import_work *w;    /* memory calls only */
    struct import_plan *plan; /* of W */
};

int import_oom(struct importer *im);
/* "# line N: ..." into the program's notes. */
__attribute__((format(printf, 2, 3))) void import_note(struct import_ctx *x, const char *fmt, ...);

/* import_fd.c */
/*
 * The descriptor calls: what is open, how large. At START of a call that closes, else at its end.
 */
int import_desc_call(struct import_ctx *x, bool start, bool finish);
/* File behind descriptor FD, IMPORT_NONE if none is known; a new one is made up if MAKE. */
int import_fd_file(struct import_ctx *x, uint64_t fd, bool make, size_t *ret);
/* FILE as a file of the program. */
int import_declare_file(struct import_ctx *x, size_t file, uint16_t *ret);
int import_table_copy(struct importer *im, size_t from, size_t *ret);
void import_close_on_exec(struct import_table *t);

/* import_args.c */
int import_number(struct import_ctx *x, unsigned i, uint64_t *ret);
/* Words joined by '|': names known to PARSE, numbers shifted by SHIFT. */
int import_flags(struct import_ctx *x, unsigned i,
                 bool (*parse)(const char *word, size_t len, uint64_t *ret), unsigned shift,
                 const char *what, uint64_t *ret);
/* Append OP with the recorded outcome as its expectation. */
int import_emit(struct import_ctx *x, struct op *op);
/* OP places R anew: name its result, enter it into the books, append. */
int import_emit_placed(struct import_ctx *x, struct op *op, struct range r);

/* import_call.c, import_mmap.c */
bool import_is_memory_call(struct log_word name);
bool import_is_brk_query(const struct log_call *c);
int import_memory_call(struct import_ctx *x, bool start, bool finish);
int import_mmap(struct import_ctx *x);
int import_brk(struct import_ctx *x);
/* Used, but not known to be mapped: to be stood for. */
int import_touch(struct import_ctx *x, struct range r);
