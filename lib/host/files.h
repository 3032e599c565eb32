/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of programs: anonymous, with a known byte pattern, opened as the program says, and kept
 * from program to program, for making one costs more than most programs. What a program may have
 * changed is put right before the next one sees it.
 *
 * Big files are sparse. A program's files share HOST_FILES_BUDGET bytes of pattern: a file larger
 * than its share has the pattern in the first quarter and the last 64th part of the share only,
 * what lies between reads as zero. With up to four files that is 2 MiB and 128 KiB of any file
 * above 8 MiB; more would make filling files the greater part of a run. Not here: files with names,
 * growth.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/int.h"

#define HOST_FILES_BUDGET (32ull << 20)

/*
 * Patterned bytes of a file of SIZE bytes in a program of N_FILES: [0, head) and [size - tail,
 * size).
 */
struct host_file_extent {
    uint64_t head;
    uint64_t tail;
};

static inline struct host_file_extent host_files_extent(uint64_t size, size_t n_files)
{
    uint64_t share = u64_align_down(HOST_FILES_BUDGET / u64_max(n_files, 4), 1 << 20);

    share = u64_max(share, 1 << 20);
    if (size <= share) {
        return (struct host_file_extent){.head = size};
    }
    return (struct host_file_extent){.head = share / 4, .tail = share / 64};
}

/* True if byte OFFSET of such a file has the pattern; otherwise it is zero. */
static inline bool host_files_patterned(uint64_t size, size_t n_files, uint64_t offset)
{
    struct host_file_extent x = host_files_extent(size, n_files);

    return offset < size && (offset < x.head || offset >= size - x.tail);
}

enum host_file_open { HOST_FILE_RDWR, HOST_FILE_RDONLY, HOST_FILE_WRONLY, HOST_FILE_OPEN_COUNT };

struct host_file_spec {
    uint64_t size;
    enum host_file_open open;
};

/*
 * Write bytes OFFSET .. OFFSET + LEN - 1 of file INDEX's pattern to BUF. The same for all sizes of
 * one index.
 */
typedef void host_file_pattern(unsigned index, uint64_t offset, void *buf, size_t len);

struct host_files;

int host_files_new(struct host_files **ret, host_file_pattern *pattern, struct err *e);
/* Takes NULL, returns NULL. */
struct host_files *host_files_free(struct host_files *f);

/*
 * A program begins: FDS[i] becomes the descriptor of file i of SPECS. The descriptors are ours,
 * close-on-exec and numbered from 256, valid until the next begin. On failure the pool holds no
 * program and FDS is not to be used.
 */
int host_files_begin(struct host_files *f, const struct host_file_spec *specs, size_t n, int *fds,
                     struct err *e);
/*
 * File INDEX of this program may change: to be called when it is mapped shared and writable or
 * could become so, for a child's stores cannot be seen here.
 */
void host_files_mark_dirty(struct host_files *f, size_t index);
