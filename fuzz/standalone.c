/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver without an engine: replays files and folders through a fuzz target, so that a corpus
 * run is a test. One TAP line per file; a finding aborts the process, as it does under an engine.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "target.h"

static unsigned n_run;

static int replay_file(const char *path)
{
    struct buf data = BUF_INIT;
    struct err e;

    if (buf_read_file(&data, path, &e) < 0) {
        fprintf(stderr, "%s: %s\n", fuzz_target.name, e.text);
        buf_free(&data);
        return 2;
    }
    oneshot_run(&fuzz_target, (const uint8_t *)buf_text(&data), data.len);
    printf("ok %u - %s\n", ++n_run, path);
    fflush(stdout);
    buf_free(&data);
    return 0;
}

static int replay(const char *path);

static int replay_folder(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    int worst = 0;

    if (n < 0) {
        fprintf(stderr, "%s: %s: cannot read folder\n", fuzz_target.name, path);
        return 2;
    }
    for (int i = 0; i < n; i++) {
        struct buf child = BUF_INIT;

        if (entries[i]->d_name[0] != '.') {
            int r;

            buf_fmt(&child, "%s/%s", path, entries[i]->d_name);
            r = replay(buf_text(&child));
            worst = r > worst ? r : worst;
        }
        buf_free(&child);
        free(entries[i]);
    }
    free(entries);
    return worst;
}

static int replay(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        fprintf(stderr, "%s: %s: no such file or folder\n", fuzz_target.name, path);
        return 2;
    }
    return S_ISDIR(st.st_mode) ? replay_folder(path) : replay_file(path);
}

int main(int argc, char **argv)
{
    int worst = 0;

    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: %s FILE|FOLDER...   replay inputs through this fuzz target\n",
                argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        int r = replay(argv[i]);

        worst = r > worst ? r : worst;
    }
    printf("1..%u\n", n_run);
    if (n_run == 0 && worst == 0) {
        fprintf(stderr, "%s: no file in what was named\n", fuzz_target.name);
        return 2;
    }
    return worst;
}
