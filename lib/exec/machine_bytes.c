/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of files, which are the same on all machines, and for the guest agent. */
#include "exec/machine.h"

#include <string.h>

#include "host/files.h"

void machine_file_pattern(unsigned index, uint64_t offset, void *buf, size_t len)
{
    uint8_t *to = buf;

    while (len > 0) {
        size_t same = u64_min(len, 512 - offset % 512); /* the pattern's own grain */

        memset(to, prog_file_byte(index, offset), same);
        to += same;
        offset += same;
        len -= same;
    }
}

void machine_fresh_bytes(unsigned index, uint64_t size, size_t n_files, uint64_t offset, void *buf,
                         size_t len)
{
    struct host_file_extent x = host_files_extent(size, n_files);
    uint8_t *to = buf;

    while (len > 0) {
        bool patterned = offset < x.head || offset >= size - x.tail;
        uint64_t next = offset < x.head ? x.head : offset < size - x.tail ? size - x.tail : size;
        size_t same = offset < size ? u64_min(len, next - offset) : len;

        if (patterned && offset < size) {
            machine_file_pattern(index, offset, to, same);
        } else {
            memset(to, 0, same);
        }
        to += same;
        offset += same;
        len -= same;
    }
}
