/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identity of a file or shared object as one number, so that what fstat says of a descriptor and
 * what a host map says of a mapping can be compared.
 */
#pragma once

#include <stdint.h>

/* Never 0. The device in two parts, because the two sources pack a device number differently. */
static inline uint64_t object_identity(uint32_t major, uint32_t minor, uint64_t ino)
{
    uint64_t h = ((uint64_t)major << 32 | minor) * 0x9e3779b97f4a7c15ull ^ ino;

    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ull;
    h ^= h >> 32;
    return h ? h : 1;
}
