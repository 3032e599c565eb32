/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digest of a page. A file of its own because the guest agent has it too, on machines of either
 * byte order: what both see must have one digest.
 */
#include "exec/record.h"

/* Little-endian on every machine; compilers make one load of it. */
static inline uint64_t word_at(const uint8_t *at)
{
    uint64_t word = 0;

    for (unsigned i = 0; i < 8; i++) {
        word |= (uint64_t)at[i] << (8 * i);
    }
    return word;
}

/* Four lanes, so that a word need not wait for the one before it. */
uint64_t record_sum(const void *page, size_t len)
{
    const uint8_t *at = page;
    uint64_t lane[4] = {1, 2, 3, 4};
    uint64_t sum = len;

    for (; len >= sizeof(lane); len -= sizeof(lane), at += sizeof(lane)) {
        for (unsigned k = 0; k < 4; k++) {
            lane[k] = (lane[k] ^ word_at(at + k * sizeof(lane[k]))) * UINT64_C(0x9e3779b97f4a7c15);
            lane[k] ^= lane[k] >> 29;
        }
    }
    for (unsigned k = 0; k < 4; k++) {
        sum = (sum ^ lane[k]) * UINT64_C(0xd6e8feb86659fd93);
        sum ^= sum >> 32;
    }
    return sum;
}
