/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of a log: what was opened, duplicated, closed, how large it is. Each open makes a
 * file; of one path opened twice alike a program sees one file.
 */
#include "op/import_impl.h"

#include <errno.h>
#include <string.h>

#include "base/vec.h"

static struct import_table *table_of(struct import_ctx *x)
{
    return &x->im->tables.v[x->task->table];
}

static struct import_fd *fd_find(struct import_table *t, uint64_t fd)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->v[i].fd == fd) {
            return &t->v[i];
        }
    }
    return NULL;
}

static void fd_close(struct import_table *t, uint64_t fd)
{
    struct import_fd *f = fd_find(t, fd);

    if (f) {
        *f = t->v[--t->n];
    }
}

static int fd_set(struct import_ctx *x, uint64_t fd, size_t file, bool cloexec)
{
    struct import_table *t = table_of(x);

    fd_close(t, fd);
    if (vec_reserve(t, t->n + 1) < 0) {
        return import_oom(x->im);
    }
    t->v[t->n++] = (struct import_fd){fd, file, cloexec};
    return 0;
}

void import_close_on_exec(struct import_table *t)
{
    for (size_t i = t->n; i > 0; i--) {
        if (t->v[i - 1].cloexec) {
            t->v[i - 1] = t->v[--t->n];
        }
    }
}

int import_table_copy(struct importer *im, size_t from, size_t *ret)
{
    struct import_table t = {0};

    if (vec_reserve(&im->tables, im->tables.n + 1) < 0) {
        return import_oom(im);
    }
    if (from != IMPORT_NONE && im->tables.v[from].n > 0) {
        if (vec_reserve(&t, im->tables.v[from].n) < 0) {
            return import_oom(im);
        }
        t.n = im->tables.v[from].n;
        memcpy(t.v, im->tables.v[from].v, t.n * sizeof(*t.v));
    }
    *ret = im->tables.n;
    im->tables.v[im->tables.n++] = t;
    return 0;
}

/* The next file of the log; the second time through it is known already, sizes and all. */
static int file_new(struct importer *im, const struct import_file *f, size_t *ret)
{
    if (im->next_file == im->files.n) {
        if (vec_reserve(&im->files, im->files.n + 1) < 0) {
            return import_oom(im);
        }
        im->files.v[im->files.n++] = *f;
    }
    *ret = im->next_file++;
    return 0;
}

static int open_file(struct import_ctx *x, const struct import_file *f, bool cloexec)
{
    size_t file = 0;
    int r = file_new(x->im, f, &file);

    return r < 0 ? r : fd_set(x, x->c->ret, file, cloexec);
}

int import_fd_file(struct import_ctx *x, uint64_t fd, bool make, size_t *ret)
{
    struct import_fd *f = fd_find(table_of(x), fd);
    struct import_file unknown = {.kind = IMPORT_UNKNOWN};
    int r = 0;

    *ret = f ? f->file : IMPORT_NONE;
    if (!f && make) {
        r = file_new(x->im, &unknown, ret);
        r = r < 0 ? r : fd_set(x, fd, *ret, false);
    }
    return r;
}

static struct log_word unquoted(struct log_word w)
{
    if (w.len >= 2 && w.s[0] == '"' && w.s[w.len - 1] == '"') {
        return (struct log_word){w.s + 1, w.len - 2};
    }
    return (struct log_word){w.s, 0};
}

static uint8_t open_mode(struct log_word flags)
{
    return log_word_has(flags, "O_RDWR")     ? PROG_RDWR
           : log_word_has(flags, "O_WRONLY") ? PROG_WRONLY
                                             : PROG_RDONLY;
}

static int desc_open_at(struct import_ctx *x, unsigned path_arg)
{
    const struct log_call *c = x->c;
    struct import_file f = {.kind = IMPORT_REGULAR};
    struct log_word flags;

    if (c->n_args < path_arg + 2) {
        return 0;
    }
    flags = c->arg[path_arg + 1];
    f.open = open_mode(flags);
    f.path = unquoted(c->arg[path_arg]);
    if ((f.path.len > 5 && memcmp(f.path.s, "/dev/", 5) == 0 && !log_word_has(f.path, "/shm/")) ||
        log_word_has(flags, "O_DIRECTORY") || log_word_has(flags, "O_PATH")) {
        f.kind = IMPORT_OTHER;
    }
    if (path_arg == 1 && !log_word_has(c->arg[0], "AT_FDCWD") &&
        (f.path.len == 0 || f.path.s[0] != '/')) {
        f.path.len = 0; /* relative to a folder: not the same file as that name elsewhere */
    }
    return open_file(x, &f, log_word_has(flags, "O_CLOEXEC"));
}

static int desc_openat(struct import_ctx *x)
{
    return desc_open_at(x, 1);
}

static int desc_open(struct import_ctx *x)
{
    return desc_open_at(x, 0);
}

static int desc_creat(struct import_ctx *x)
{
    struct import_file f = {.kind = IMPORT_REGULAR, .open = PROG_WRONLY};

    f.path = x->c->n_args > 0 ? unquoted(x->c->arg[0]) : (struct log_word){0};
    return open_file(x, &f, false);
}

static int desc_memfd(struct import_ctx *x)
{
    struct import_file f = {.kind = IMPORT_REGULAR, .open = PROG_RDWR};

    return open_file(x, &f, x->c->n_args > 1 && log_word_has(x->c->arg[1], "MFD_CLOEXEC"));
}

/* dup, dup2, dup3 and what fcntl has of it: the new descriptor is the result. */
static int desc_dup(struct import_ctx *x)
{
    struct import_fd *f;
    uint64_t fd;
    bool cloexec = x->c->n_args > 2 && log_word_has(x->c->arg[2], "O_CLOEXEC");

    if (x->c->n_args == 0 || !log_number(x->c->arg[0], &fd)) {
        return 0;
    }
    if (log_word_is(x->c->name, "fcntl")) {
        if (x->c->n_args < 2 || !log_word_has(x->c->arg[1], "F_DUPFD")) {
            return 0;
        }
        cloexec = log_word_has(x->c->arg[1], "CLOEXEC");
    }
    f = fd_find(table_of(x), fd);
    if (f) {
        return fd_set(x, x->c->ret, f->file, cloexec);
    }
    fd_close(table_of(x), x->c->ret);
    return 0;
}

static int desc_close(struct import_ctx *x)
{
    struct import_table *t = table_of(x);
    uint64_t fd;
    uint64_t last;

    if (x->c->n_args == 0 || !log_number(x->c->arg[0], &fd)) {
        return 0;
    }
    if (!log_word_is(x->c->name, "close_range")) {
        fd_close(t, fd);
        return 0;
    }
    if (x->c->n_args < 3 || !log_number(x->c->arg[1], &last) ||
        log_word_has(x->c->arg[2], "CLOEXEC")) {
        return 0;
    }
    for (size_t i = t->n; i > 0; i--) {
        if (t->v[i - 1].fd >= fd && t->v[i - 1].fd <= last) {
            t->v[i - 1] = t->v[--t->n];
        }
    }
    return 0;
}

/* Kind and size as stat reports them, "st_mode=S_IFREG|0644, st_size=46539". */
static void learn(struct import_file *f, struct log_word stat)
{
    uint64_t size;

    if (log_word_has(stat, "S_IFREG")) {
        f->kind = IMPORT_REGULAR;
    } else if (log_word_has(stat, "S_IF")) {
        f->kind = IMPORT_OTHER;
    }
    if (f->kind != IMPORT_OTHER &&
        (log_number_of(stat, "st_size=", &size) || log_number_of(stat, "stx_size=", &size))) {
        f->sized = true;
        f->size = u64_max(f->size, size);
    }
}

/* fstat, and the forms with a path when that is empty. */
static int desc_fstat(struct import_ctx *x)
{
    const struct log_call *c = x->c;
    bool by_path = !log_word_is(c->name, "fstat") && !log_word_is(c->name, "fstat64");
    struct import_fd *f;
    uint64_t fd;

    if (c->n_args < 2 || !log_number(c->arg[0], &fd) ||
        (by_path && !log_word_is(c->arg[1], "\"\""))) {
        return 0;
    }
    f = fd_find(table_of(x), fd);
    for (unsigned i = 1; f && i < c->n_args && i < LOG_ARGS_MAX; i++) {
        if (c->arg[i].len > 0 && c->arg[i].s[0] == '{') {
            learn(&x->im->files.v[f->file], c->arg[i]);
        }
    }
    return 0;
}

static int desc_truncate(struct import_ctx *x)
{
    struct import_fd *f;
    uint64_t fd;
    uint64_t size;

    if (x->c->n_args < 2 || !log_number(x->c->arg[0], &fd) || !log_number(x->c->arg[1], &size)) {
        return 0;
    }
    f = fd_find(table_of(x), fd);
    if (f) {
        x->im->files.v[f->file].sized = true;
        x->im->files.v[f->file].size = u64_max(x->im->files.v[f->file].size, size);
    }
    return 0;
}

/* Closing counts from the beginning of the call, everything else from its end. */
static const struct {
    const char *name;
    int (*start)(struct import_ctx *x);
    int (*finish)(struct import_ctx *x);
} calls[] = {
    {"openat", NULL, desc_openat},      {"openat2", NULL, desc_openat},
    {"open", NULL, desc_open},          {"creat", NULL, desc_creat},
    {"memfd_create", NULL, desc_memfd}, {"dup", NULL, desc_dup},
    {"dup2", NULL, desc_dup},           {"dup3", NULL, desc_dup},
    {"fcntl", NULL, desc_dup},          {"close", desc_close, NULL},
    {"close_range", desc_close, NULL},  {"newfstatat", NULL, desc_fstat},
    {"fstatat64", NULL, desc_fstat},    {"fstat", NULL, desc_fstat},
    {"fstat64", NULL, desc_fstat},      {"statx", NULL, desc_fstat},
    {"ftruncate", NULL, desc_truncate},
};

int import_desc_call(struct import_ctx *x, bool start, bool finish)
{
    int r = 0;

    for (unsigned i = 0; i < ARRAY_LEN(calls) && !x->c->failed; i++) {
        if (!log_word_is(x->c->name, calls[i].name)) {
            continue;
        }
        if (start && calls[i].start) {
            r = calls[i].start(x);
        }
        if (r == 0 && finish && calls[i].finish) {
            r = calls[i].finish(x);
        }
    }
    return r;
}

static bool same_path(const struct import_file *a, const struct import_file *b)
{
    return a->path.len > 0 && a->path.len == b->path.len && a->open == b->open &&
           memcmp(a->path.s, b->path.s, a->path.len) == 0;
}

/* The size that a stat of the path itself reported anywhere in the log. */
static void learn_by_path(const struct importer *im, struct import_file *f)
{
    for (size_t i = 0; i < im->log.calls.n && f->path.len > 0; i++) {
        const struct log_call *c = &im->log.calls.v[i];

        for (unsigned k = 0; k + 1 < c->n_args && k + 1 < LOG_ARGS_MAX && k < 2; k++) {
            struct log_word path = unquoted(c->arg[k]);

            if (log_word_has(c->name, "stat") && path.len == f->path.len &&
                memcmp(path.s, f->path.s, path.len) == 0) {
                for (unsigned m = k + 1; m < c->n_args && m < LOG_ARGS_MAX; m++) {
                    learn(f, c->arg[m]);
                }
            }
        }
    }
}

static void note_file(struct import_ctx *x, uint16_t number, const struct import_file *f)
{
    struct buf *notes = &x->w->out.notes;

    buf_fmt(notes, "# f%u is ", number);
    for (size_t i = 0; i < f->path.len; i++) {
        char c = f->path.s[i];

        buf_u8(notes, (uint8_t)(c >= ' ' && c <= '~' ? c : '?'));
    }
    buf_str(notes, f->path.len == 0 ? "a descriptor whose path the log does not tell" : "");
    buf_str(notes, f->sized && f->size > 0 ? "\n" : ", as large as what is mapped of it\n");
}

int import_declare_file(struct import_ctx *x, size_t file, uint16_t *ret)
{
    struct import_file *f = &x->im->files.v[file];
    struct prog_file made = {.open = f->open};
    size_t n = x->w->files.n;

    for (size_t i = 0; i < n; i++) {
        if (x->w->files.v[i] == file || same_path(&x->im->files.v[x->w->files.v[i]], f)) {
            *ret = (uint16_t)i;
            return 0;
        }
    }
    if (!f->sized) {
        learn_by_path(x->im, f);
    }
    made.size = f->sized && f->size > 0 ? f->size : u64_align_up_wrap(f->need, IMPORT_PAGE);
    made.size = u64_min(made.size, PROG_FILE_SIZE_MAX);
    if (n == PROG_FILES_MAX) {
        return err_set(x->im->e, -E2BIG, "%s:%zu:1: more than %d mapped files in one address space",
                       x->im->log.name, x->c->head.line, PROG_FILES_MAX);
    }
    if (vec_reserve(&x->w->files, n + 1) < 0 || prog_add_file(&x->w->out.prog, made) < 0) {
        return import_oom(x->im);
    }
    x->w->files.v[x->w->files.n++] = file;
    note_file(x, (uint16_t)n, f);
    *ret = (uint16_t)n;
    return 0;
}
