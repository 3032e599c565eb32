/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "input.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/vec.h"

static bool ends_in(const char *name, const char *tail)
{
    size_t n = strlen(name);
    size_t t = strlen(tail);

    return n > t && strcmp(name + n - t, tail) == 0;
}

static bool is_program_name(const char *name)
{
    return ends_in(name, ".tm") || prog_engine_file(name);
}

static int add_file(struct input_list *l, const char *path, enum prog_format format, struct err *e)
{
    struct input in = {.path = strdup(path), .prog = PROG_INIT};
    int r;

    if (!in.path || vec_reserve(l, l->n + 1) < 0) {
        free(in.path);
        return err_set(e, -ENOMEM, "%s: out of memory", path);
    }
    r = prog_load(&in.prog, path, format, e);
    if (r < 0) {
        free(in.path);
        prog_free(&in.prog);
        return r;
    }
    l->v[l->n++] = in;
    return 0;
}

static int add_folder(struct input_list *l, const char *path, enum prog_format format,
                      struct err *e);

/* One entry of a folder: a folder is entered, a program read, anything else passed over. */
static int add_entry(struct input_list *l, const char *folder, const char *name,
                     enum prog_format format, struct err *e)
{
    struct buf path = BUF_INIT;
    struct stat st;
    int r = 0;

    buf_fmt(&path, "%s/%s", folder, name);
    if (buf_failed(&path)) {
        r = err_set(e, -ENOMEM, "%s: out of memory", folder);
    } else if (stat(path.data, &st) < 0) {
        r = err_set(e, -errno, "%s: cannot open: %s", path.data, strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        r = add_folder(l, path.data, format, e);
    } else if (S_ISREG(st.st_mode) && is_program_name(name)) {
        r = add_file(l, path.data, format, e);
    }
    buf_free(&path);
    return r;
}

static int add_folder(struct input_list *l, const char *path, enum prog_format format,
                      struct err *e)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    int r = 0;

    if (n < 0) {
        return err_set(e, -errno, "%s: cannot read folder: %s", path, strerror(errno));
    }
    for (int i = 0; i < n; i++) {
        if (r == 0 && entries[i]->d_name[0] != '.') {
            r = add_entry(l, path, entries[i]->d_name, format, e);
        }
        free(entries[i]);
    }
    free(entries);
    return r;
}

int input_add(struct input_list *l, const char *path, enum prog_format format, struct err *e)
{
    size_t before = l->n;
    struct stat st;
    int r;

    if (strcmp(path, "-") == 0 || stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
        return add_file(l, path, format, e);
    }
    r = add_folder(l, path, format, e);
    if (r == 0 && l->n == before) {
        return err_set(e, -ENOENT, "%s: no program in this folder (*.tm, *.bin, crash-*, id:*)",
                       path);
    }
    return r;
}

void input_free(struct input_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->v[i].path);
        prog_free(&l->v[i].prog);
    }
    free(l->v);
    *l = (struct input_list){0};
}
