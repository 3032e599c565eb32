/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "findings.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "triage.h"

enum { FILE_MAX = 64 << 20 };

static const char readme[] = FINDINGS_MARK
    "\n"
    "Written by `twinmap triage`: a folder for each finding, named by its signature.\n"
    "\n"
    "program.tm       the smallest program that shows it\n"
    "report.txt       what is wrong, and the command that shows it again\n"
    "repro.c          the same without twinmap: cc -std=c11 repro.c && ./a.out\n"
    "environment.txt  what it was found with\n"
    "files.txt        the crash files that show it: SHA-256, size, name\n"
    "\n"
    "To keep one as a regression program: twinmap corpus --add FOLDER corpus\n";

const char *finding_change_name(enum finding_change c)
{
    static const char *const names[] = {
        [FINDING_NEW] = "new", [FINDING_UPDATED] = "updated", [FINDING_UNCHANGED] = "unchanged"};

    return names[c];
}

bool is_findings_folder(const char *path)
{
    struct buf name = BUF_INIT;
    struct buf text = BUF_INIT;
    struct err e;
    bool is;

    buf_fmt(&name, "%s/" FINDINGS_MARK_FILE, path);
    is = !buf_failed(&name) && crash_read(name.data, FILE_MAX, &text, &e) == 0 &&
         strncmp(buf_text(&text), FINDINGS_MARK, strlen(FINDINGS_MARK)) == 0;
    buf_free(&name);
    buf_free(&text);
    return is;
}

static bool is_empty_folder(DIR *d)
{
    const struct dirent *entry;

    while ((entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            return false;
        }
    }
    return true;
}

/* The folder in which OUT is, or is to be, can be written. */
static int check_parent(const char *out, struct err *e)
{
    struct buf parent = BUF_INIT;
    size_t len = strlen(out);
    int rc = 0;

    while (len > 1 && out[len - 1] == '/') {
        len--;
    }
    while (len > 0 && out[len - 1] != '/') {
        len--;
    }
    buf_add(&parent, out, len);
    buf_str(&parent, ".");
    if (buf_failed(&parent) || access(parent.data, W_OK | X_OK) < 0) {
        rc = err_set(e, -errno, "%s: cannot make this folder: %s", out, strerror(errno));
    }
    buf_free(&parent);
    return rc;
}

int findings_check(const char *out, struct err *e)
{
    DIR *d = opendir(out);
    bool empty;

    if (!d && errno == ENOENT) {
        return check_parent(out, e);
    }
    if (!d) {
        return err_set(e, -errno, "%s: not a folder for findings: %s", out, strerror(errno));
    }
    empty = is_empty_folder(d);
    closedir(d);
    if (!empty && !is_findings_folder(out)) {
        return err_set(e, -EEXIST, "%s: is there and has something else in it than findings", out);
    }
    return 0;
}

int findings_make(const char *out, struct err *e)
{
    struct buf name = BUF_INIT;
    struct buf text = BUF_INIT;
    int rc = 0;

    if (mkdir(out, 0777) < 0 && errno != EEXIST) {
        return err_set(e, -errno, "%s: cannot make this folder: %s", out, strerror(errno));
    }
    if (!is_findings_folder(out)) {
        buf_fmt(&name, "%s/" FINDINGS_MARK_FILE, out);
        buf_str(&text, readme);
        rc = buf_write_file(&text, buf_text(&name), e);
    }
    buf_free(&name);
    buf_free(&text);
    return rc;
}

int finding_read(const char *out, const char *slug, const char *name, struct buf *text)
{
    struct buf path = BUF_INIT;
    struct err e;
    int rc;

    buf_fmt(&path, "%s/%s/%s", out, slug, name);
    rc = buf_failed(&path) ? -ENOMEM : crash_read(path.data, FILE_MAX, text, &e);
    buf_free(&path);
    return rc;
}

/* The file as it should be: 1 if that changed something, 0, or a negative errno. */
static int write_file(const char *folder, const struct finding_file *f, struct err *e)
{
    struct buf path = BUF_INIT;
    struct buf there = BUF_INIT;
    bool is_there;
    int rc = 0;

    buf_fmt(&path, "%s/%s", folder, f->name);
    if (buf_failed(&path)) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    is_there = crash_read(path.data, FILE_MAX, &there, e) == 0;
    if (!f->text) {
        rc = unlink(path.data) == 0;
        rc = rc || errno == ENOENT
                 ? rc
                 : err_set(e, -errno, "%s: cannot remove: %s", path.data, strerror(errno));
    } else if (!is_there || there.len != f->text->len ||
               memcmp(there.data, f->text->data, there.len) != 0) {
        rc = buf_write_file(f->text, path.data, e);
        rc = rc < 0 ? rc : 1;
    }
    buf_free(&path);
    buf_free(&there);
    return rc;
}

static int write_all(const char *folder, const struct finding_file *files, size_t n,
                     enum finding_change *ret, struct err *e)
{
    int rc = 0;

    *ret = FINDING_UNCHANGED;
    for (size_t i = 0; i < n && rc >= 0; i++) {
        rc = write_file(folder, &files[i], e);
        *ret = rc > 0 ? FINDING_UPDATED : *ret;
    }
    return rc < 0 ? rc : 0;
}

static void remove_all(const char *folder, const struct finding_file *files, size_t n)
{
    struct buf path = BUF_INIT;

    for (size_t i = 0; i < n; i++) {
        buf_clear(&path);
        buf_fmt(&path, "%s/%s", folder, files[i].name);
        (void)unlink(buf_text(&path));
    }
    buf_free(&path);
    (void)rmdir(folder);
}

/* Beside it under another name, then renamed. */
static int make_folder(const char *out, const char *folder, const struct finding_file *files,
                       size_t n, struct err *e)
{
    struct buf temporary = BUF_INIT;
    enum finding_change change;
    mode_t mask = umask(0);
    int rc;

    umask(mask);
    buf_fmt(&temporary, "%s/.new-XXXXXX", out);
    if (buf_failed(&temporary) || !mkdtemp(temporary.data)) {
        rc = err_set(e, -errno, "%s: cannot make a folder here: %s", out, strerror(errno));
        buf_free(&temporary);
        return rc;
    }
    rc = write_all(temporary.data, files, n, &change, e);
    if (rc == 0 &&
        (chmod(temporary.data, 0777 & ~mask) < 0 || rename(temporary.data, folder) < 0)) {
        rc = err_set(e, -errno, "%s: cannot make this folder: %s", folder, strerror(errno));
    }
    if (rc < 0) {
        remove_all(temporary.data, files, n);
    }
    buf_free(&temporary);
    return rc;
}

int finding_write(const char *out, const char *slug, const struct finding_file *files, size_t n,
                  enum finding_change *ret, struct err *e)
{
    struct buf folder = BUF_INIT;
    struct stat st;
    int rc;

    buf_fmt(&folder, "%s/%s", out, slug);
    if (buf_failed(&folder)) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    if (stat(folder.data, &st) == 0) {
        rc = write_all(folder.data, files, n, ret, e);
    } else {
        rc = make_folder(out, folder.data, files, n, e);
        *ret = FINDING_NEW;
    }
    buf_free(&folder);
    return rc;
}
