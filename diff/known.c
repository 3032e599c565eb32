/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/vec.h"
#include "input.h"

static const char mark[] = "twinmap-finding:";

size_t known_find(const struct known *k, const char *signature)
{
    for (size_t i = 0; i < k->n; i++) {
        if (strcmp(k->v[i], signature) == 0) {
            return i;
        }
    }
    return KNOWN_NONE;
}

static int add(struct known *k, const char *text, size_t len, struct err *e)
{
    char *signature = strndup(text, len);

    if (!signature || vec_reserve(k, k->n + 1) < 0) {
        free(signature);
        return err_set(e, -ENOMEM, "out of memory");
    }
    if (known_find(k, signature) != KNOWN_NONE) {
        free(signature);
        return 0;
    }
    k->v[k->n++] = signature;
    return 0;
}

static int add_file(struct known *k, const char *path, struct err *e)
{
    struct buf text = BUF_INIT;
    int rc = buf_read_file(&text, path, e);
    bool any = false;

    for (const char *at = rc < 0 ? NULL : strstr(buf_text(&text), mark); rc == 0 && at;
         at = strstr(at, mark)) {
        size_t len;

        at += sizeof(mark) - 1;
        at += strspn(at, " ");
        len = strcspn(at, " \t\r\n");
        if (len > 0) {
            rc = add(k, at, len, e);
            any = true;
        }
    }
    buf_free(&text);
    if (rc == 0 && !any) {
        return err_set(e, -EINVAL, "%s: names no finding: expected a line with %s", path, mark);
    }
    return rc;
}

int known_add(struct known *k, const char *path, struct err *e)
{
    struct input_list files = {0};
    struct stat st;
    int rc;

    if (stat(path, &st) < 0) {
        return err_set(e, -errno, "%s: cannot open: %s", path, strerror(errno));
    }
    if (!S_ISDIR(st.st_mode)) {
        return S_ISREG(st.st_mode) ? add_file(k, path, e)
                                   : err_set(e, -EINVAL, "%s: neither a file nor a folder", path);
    }
    rc = input_add(&files, path, PROG_FORMAT_AUTO, e);

    for (size_t i = 0; rc == 0 && i < files.n; i++) {
        rc = add_file(k, files.v[i].path, e);
    }
    input_free(&files);
    return rc;
}

void known_free(struct known *k)
{
    for (size_t i = 0; i < k->n; i++) {
        free(k->v[i]);
    }
    free(k->v);
    *k = (struct known){0};
}
