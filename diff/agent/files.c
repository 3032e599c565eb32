/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a program, made anew for each, for their process ends with it. A file grows by being
 * written to, last its end: no call with a 64-bit size is needed, which no two architectures have
 * alike.
 */
#include "files.h"

#include <asm/fcntl.h>
#include <string.h>

#include "agent.h"
#include "exec/machine.h"
#include "host/files.h"
#include "sys.h"

/* TEXT and the decimal number N, to TO. */
static void name_with(char *to, const char *text, unsigned n)
{
    char digits[12];
    size_t len = strlen(text);
    size_t k = 0;

    memcpy(to, text, len);
    do {
        digits[k++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    while (k > 0) {
        to[len++] = digits[--k];
    }
    to[len] = '\0';
}

static bool write_bytes(int fd, unsigned i, uint64_t from, uint64_t to)
{
    static uint8_t bytes[AGENT_PAGE_MAX];

    while (from < to) {
        size_t len = (size_t)u64_min(to - from, sizeof(bytes));
        long n;

        machine_file_pattern(i, from, bytes, len);
        n = sys_write_at(fd, bytes, len, from);
        if (n <= 0 || sys_failed(n)) {
            return false;
        }
        from += (uint64_t)n;
    }
    return true;
}

static bool make(struct agent *a, unsigned i)
{
    static const uint32_t modes[PROG_OPEN_COUNT] = {
        [PROG_RDWR] = O_RDWR, [PROG_RDONLY] = O_RDONLY, [PROG_WRONLY] = O_WRONLY};
    const struct prog_file *f = &a->prog.files.v[i];
    struct host_file_extent x = host_files_extent(f->size, a->prog.files.n);
    char name[40];
    long fd;

    name_with(name, FILES_NAME, i);
    fd = sys_memfd(name);
    if (sys_failed(fd) || !write_bytes((int)fd, i, 0, x.head) ||
        !write_bytes((int)fd, i, f->size - x.tail, f->size)) {
        return false;
    }
    if (f->open != PROG_RDWR) {
        name_with(name, "/proc/self/fd/", (unsigned)fd);
        fd = sys_open(name, modes[f->open]);
    }
    a->fds[i] = (int)fd;
    return !sys_failed(fd);
}

bool files_make(struct agent *a)
{
    for (size_t i = 0; i < a->prog.files.n; i++) {
        if (!make(a, (unsigned)i)) {
            return false;
        }
    }
    return true;
}
