/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs named on a command line: files, and folders searched for them. */
#pragma once

#include "base/err.h"
#include "op/codec.h"

struct input {
    char *path;
    struct prog prog;
};

struct input_list {
    struct input *v;
    size_t n, cap;
};

/*
 * Read PATH, or every program below it if it is a folder: files named *.tm, *.bin, and what engines
 * call their findings (crash-*, timeout-*, leak-*, oom-*, slow-unit-*, id:*). In order of their
 * names. 0, or a negative errno with one line in E; an unreadable program or a folder without any
 * is an error.
 */
int input_add(struct input_list *l, const char *path, enum prog_format format, struct err *e);
void input_free(struct input_list *l);
