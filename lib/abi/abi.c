/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of the guest systems: from neutral values to a system's own, and errno from this host's
 * and back.
 */
#include "abi/abi.h"

#include <errno.h>
#include <string.h>

#include "base/int.h"

static const char *const system_names[ABI_SYSTEM_COUNT] = {"linux", "freebsd"};

const char *abi_system_name(enum abi_system system)
{
    return system_names[system];
}

enum abi_system abi_system_parse(const char *name)
{
    unsigned i = 0;

    while (i < ABI_SYSTEM_COUNT && strcmp(name, system_names[i]) != 0) {
        i++;
    }
    return (enum abi_system)i;
}

struct flag_row {
    uint64_t neutral;
    uint32_t system[ABI_SYSTEM_COUNT];
};

static const struct flag_row mapflag_rows[] = {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) {neutral, {linux_value, freebsd_value}},
#include "abi/mapflag.def"
#undef MAPFLAG
};

static const struct flag_row msync_rows[] = {
#define MSYNC(name, neutral, linux_value, freebsd_value) {neutral, {linux_value, freebsd_value}},
#include "abi/misc.def"
};

static const struct {
    uint64_t neutral;
    int32_t system[ABI_SYSTEM_COUNT];
} advice_rows[] = {
#define ADVICE(name, neutral, linux_value, freebsd_value) {neutral, {linux_value, freebsd_value}},
#include "abi/misc.def"
};

/*
 * Flags that change when or how pages are filled or dumped, never what is mapped or which call
 * succeeds.
 */
#define MAPFLAG_HINTS \
    (ABI_MAP_DENYWRITE | ABI_MAP_EXECUTABLE | ABI_MAP_POPULATE | ABI_MAP_NONBLOCK | \
     ABI_MAP_NOCORE | ABI_MAP_NOSYNC | ABI_MAP_PREFAULT_READ | ABI_MAP_HASSEMAPHORE)

/* What SYSTEM says in other words: "fixed, but not over anything". */
static uint64_t mapflags_equivalent(enum abi_system system, uint64_t neutral)
{
    uint64_t fixed_excl = ABI_MAP_FIXED | ABI_MAP_EXCL;

    if (system == ABI_LINUX && (neutral & fixed_excl) == fixed_excl) {
        return (neutral & ~fixed_excl) | ABI_MAP_FIXED_NOREPLACE;
    }
    if (system == ABI_FREEBSD && (neutral & ABI_MAP_FIXED_NOREPLACE)) {
        return (neutral & ~(uint64_t)ABI_MAP_FIXED_NOREPLACE) | fixed_excl;
    }
    return neutral;
}

int abi_mapflags_to_system(enum abi_system system, uint64_t neutral, uint32_t *ret)
{
    uint64_t left = mapflags_equivalent(system, neutral);
    uint32_t out = (uint32_t)(neutral >> ABI_MAP_RAW_SHIFT);

    left &= UINT32_MAX;
    for (size_t i = 0; i < ARRAY_LEN(mapflag_rows); i++) {
        if ((left & mapflag_rows[i].neutral) && mapflag_rows[i].system[system]) {
            out |= mapflag_rows[i].system[system];
            left &= ~mapflag_rows[i].neutral;
        }
    }
    if (system == ABI_FREEBSD) {
        out |= (uint32_t)(left & ABI_MAP_ALIGNED_MASK);
        left &= ~(uint64_t)ABI_MAP_ALIGNED_MASK;
    }
    if (left & ~(uint64_t)MAPFLAG_HINTS) {
        return -ENOTSUP;
    }
    *ret = out;
    return 0;
}

uint64_t abi_mapflags_from_system(enum abi_system system, uint32_t word)
{
    uint64_t neutral = 0;

    for (size_t i = 0; i < ARRAY_LEN(mapflag_rows); i++) {
        uint32_t bits = mapflag_rows[i].system[system];

        if (word & bits) {
            neutral |= mapflag_rows[i].neutral;
            word &= ~bits;
        }
    }
    if (system == ABI_FREEBSD) {
        neutral |= word & ABI_MAP_ALIGNED_MASK;
        word &= ~ABI_MAP_ALIGNED_MASK;
    }
    return neutral | (uint64_t)word << ABI_MAP_RAW_SHIFT;
}

int abi_msync_to_system(enum abi_system system, uint64_t neutral, uint32_t *ret)
{
    uint32_t out = (uint32_t)(neutral >> ABI_MAP_RAW_SHIFT);
    uint64_t left = neutral & UINT32_MAX;

    for (size_t i = 0; i < ARRAY_LEN(msync_rows); i++) {
        if (left & msync_rows[i].neutral) {
            out |= msync_rows[i].system[system];
            left &= ~msync_rows[i].neutral;
        }
    }
    if (left) {
        return -ENOTSUP;
    }
    *ret = out;
    return 0;
}

int abi_advice_to_system(enum abi_system system, uint64_t neutral, uint32_t *ret)
{
    if (neutral < ABI_ADVICE_NAMED) {
        *ret = (uint32_t)neutral;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(advice_rows); i++) {
        if (advice_rows[i].neutral == neutral && advice_rows[i].system[system] >= 0) {
            *ret = (uint32_t)advice_rows[i].system[system];
            return 0;
        }
    }
    return -ENOTSUP;
}

uint64_t abi_mapflags_known(uint64_t neutral)
{
    uint64_t known = ABI_MAP_ALIGNED_MASK | (uint64_t)UINT32_MAX << ABI_MAP_RAW_SHIFT;

    for (size_t i = 0; i < ARRAY_LEN(mapflag_rows); i++) {
        known |= mapflag_rows[i].neutral;
    }
    return neutral & known;
}

uint64_t abi_msync_known(uint64_t neutral)
{
    uint64_t known = (uint64_t)UINT32_MAX << ABI_MAP_RAW_SHIFT;

    for (size_t i = 0; i < ARRAY_LEN(msync_rows); i++) {
        known |= msync_rows[i].neutral;
    }
    return neutral & known;
}

uint64_t abi_advice_known(uint64_t neutral)
{
    uint64_t named = ABI_ADVICE_NAMED;

    return neutral < named + ARRAY_LEN(advice_rows) ? neutral : neutral & (named - 1);
}

int abi_errno_from_host(int host_errno)
{
    /* The name in the first column is also a macro of this system's errno.h. */
    switch (host_errno) {
#define ERRNO(name, linux_number, freebsd_number) \
    case name: \
        return linux_number;
#include "abi/errno.def"
#undef ERRNO
    default:
        return host_errno;
    }
}

int abi_errno_to_host(int neutral)
{
    switch (neutral) {
#define ERRNO(name, linux_number, freebsd_number) \
    case linux_number: \
        return name;
#include "abi/errno.def"
#undef ERRNO
    default:
        return neutral;
    }
}

const char *abi_errno_name(int number)
{
    switch (number) {
#define ERRNO(name, linux_number, freebsd_number) \
    case linux_number: \
        return #name;
#include "abi/errno.def"
#undef ERRNO
    default:
        return NULL;
    }
}

static const struct {
    const char *name;
    int number;
} errno_rows[] = {
#define ERRNO(name, linux_number, freebsd_number) {#name, linux_number},
#include "abi/errno.def"
#undef ERRNO
    {"ENOTSUP", ABI_EOPNOTSUPP},
    {"EWOULDBLOCK", ABI_EAGAIN},
};

int abi_errno_parse(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(errno_rows); i++) {
        if (strlen(errno_rows[i].name) == len && memcmp(errno_rows[i].name, name, len) == 0) {
            return errno_rows[i].number;
        }
    }
    return -1;
}

int abi_errno_known(uint64_t number)
{
    if (number <= INT32_MAX && abi_errno_name((int)number)) {
        return (int)number;
    }
    /* The two aliases at the bottom of the table are no numbers of their own. */
    return errno_rows[number % (ARRAY_LEN(errno_rows) - 2)].number;
}
