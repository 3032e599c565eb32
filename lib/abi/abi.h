/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constants of the guest systems and their names. Programs and traces hold neutral values (the
 * first number of each table row, errno in Linux's generic numbering); a flavour is called with its
 * own system's numbers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum abi_system { ABI_LINUX, ABI_FREEBSD, ABI_SYSTEM_COUNT };

/* "linux", "freebsd"; parse returns ABI_SYSTEM_COUNT for an unknown name. */
const char *abi_system_name(enum abi_system system);
enum abi_system abi_system_parse(const char *name);

/*
 * Neutral map flags: bit names below 2^32 minus the alignment byte, MAP_ALIGNED(n) as n << 24, and
 * bits that have no name as given in the high half, for the guest system's flag word unchanged.
 */
enum abi_mapflag {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) ABI_##name = neutral,
#include "abi/mapflag.def"
#undef MAPFLAG
    ABI_MAP_ALIGNED_SHIFT = 24,
    ABI_MAP_RAW_SHIFT = 32,
};
#define ABI_MAP_ALIGNED(n) ((uint64_t)(n) << ABI_MAP_ALIGNED_SHIFT)
#define ABI_MAP_ALIGNED_MASK 0xff000000u

enum linux_mapflag {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) LINUX_##name = linux_value,
#include "abi/mapflag.def"
#undef MAPFLAG
    LINUX_MAP_SHARED_VALIDATE = 3,
    LINUX_MAP_TYPE = 0xf,
};

enum freebsd_mapflag {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) FREEBSD_##name = freebsd_value,
#include "abi/mapflag.def"
#undef MAPFLAG
    FREEBSD_MAP_RESERVED0020 = 0x20,
    FREEBSD_MAP_RESERVED0040 = 0x40,
    FREEBSD_MAP_ALIGNED_SHIFT = 24,
};
#define FREEBSD_MAP_ALIGNED_MASK 0xff000000u

enum abi_prot {
#define PROT(name, bit) ABI_##name = bit,
#include "abi/prot.def"
#undef PROT
    ABI_PROT_RWX = 7,
    ABI_PROT_MAX_SHIFT = 16,
};

enum abi_mremap {
#define MREMAP(name, bit) ABI_##name = bit,
#include "abi/misc.def"
};

/* Neutral msync flags; bits without a name in the high half, as for map flags. */
enum abi_msync {
#define MSYNC(name, neutral, linux_value, freebsd_value) ABI_##name = neutral,
#include "abi/misc.def"
};

/* Neutral advice; below 0x10000 it is the guest system's own number, as given. */
enum abi_advice {
#define ADVICE(name, neutral, linux_value, freebsd_value) ABI_##name = neutral,
#include "abi/misc.def"
    ABI_ADVICE_NAMED = 0x10000, /* the first that is not a number as given */
};
enum linux_advice {
#define ADVICE(name, neutral, linux_value, freebsd_value) LINUX_##name = linux_value,
#include "abi/misc.def"
};
enum freebsd_advice {
#define ADVICE(name, neutral, linux_value, freebsd_value) FREEBSD_##name = freebsd_value,
#include "abi/misc.def"
};

enum abi_errno {
#define ERRNO(name, linux_number, freebsd_number) ABI_##name = linux_number,
#include "abi/errno.def"
#undef ERRNO
};

/*
 * Neutral value -> the number SYSTEM uses. 0, or -ENOTSUP with *RET untouched if SYSTEM cannot say
 * it. Equivalents are used where they exist: MAP_EXCL with MAP_FIXED is MAP_FIXED_NOREPLACE on
 * Linux and the other way round. Map flags that only advise (MAP_POPULATE, MAP_DENYWRITE,
 * MAP_NOCORE, ...) are left out on a system without them.
 */
int abi_mapflags_to_system(enum abi_system system, uint64_t neutral, uint32_t *ret);
/* The other way: SYSTEM's flag word as neutral flags; bits without a name stay as they are. */
uint64_t abi_mapflags_from_system(enum abi_system system, uint32_t word);
int abi_msync_to_system(enum abi_system system, uint64_t neutral, uint32_t *ret);
int abi_advice_to_system(enum abi_system system, uint64_t neutral, uint32_t *ret);

/*
 * Number of the system twinmap runs on (its errno.h) -> neutral number; unknown ones stay as they
 * are.
 */
int abi_errno_from_host(int host_errno);
/* The other way: what this system's errno.h says for a neutral number. */
int abi_errno_to_host(int neutral);
/* Name of a neutral number, or NULL. */
const char *abi_errno_name(int number);
/* Neutral number of a name (ENOTSUP and EOPNOTSUPP are one), or -1. */
int abi_errno_parse(const char *name, size_t len);

/*
 * The nearest neutral value that is legal in a program: bits and numbers without a meaning dropped.
 */
uint64_t abi_mapflags_known(uint64_t neutral);
uint64_t abi_msync_known(uint64_t neutral);
uint64_t abi_advice_known(uint64_t neutral);
int abi_errno_known(uint64_t number);

/*
 * Print in program syntax: names joined by '|', then unknown bits in hex; for none PROT_NONE or
 * "0".
 */
void abi_print_prot(uint64_t prot, struct buf *out);
void abi_print_mapflags(uint64_t neutral, struct buf *out);
void abi_print_mremap(uint64_t flags, struct buf *out);
void abi_print_msync(uint64_t neutral, struct buf *out);
void abi_print_advice(uint64_t neutral, struct buf *out);

/*
 * One word of a flag list: true and its bits in *RET if the name is known. MAP_ANON is
 * MAP_ANONYMOUS.
 */
bool abi_parse_prot_word(const char *word, size_t len, uint64_t *ret);
bool abi_parse_mapflag_word(const char *word, size_t len, uint64_t *ret);
bool abi_parse_mremap_word(const char *word, size_t len, uint64_t *ret);
bool abi_parse_msync_word(const char *word, size_t len, uint64_t *ret);
bool abi_parse_advice_word(const char *word, size_t len, uint64_t *ret);
