/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "numbers.h"

#include <linux/mman.h>
#include <stddef.h>

#include "abi/abi.h"
#include "base/int.h"

/* What some architecture has no name for: of use in none of the tables below. */
#define NONE UINT32_MAX
#ifndef MAP_32BIT
#define MAP_32BIT NONE
#endif
#ifndef MAP_SYNC
#define MAP_SYNC NONE
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE NONE
#endif
#define MAP_EXCL NONE
#define MAP_GUARD NONE
#define MAP_NOCORE NONE
#define MAP_NOSYNC NONE
#define MAP_PREFAULT_READ NONE
#define MAP_HASSEMAPHORE NONE
#define MADV_NOSYNC NONE
#define MADV_AUTOSYNC NONE
#define MADV_NOCORE NONE
#define MADV_CORE NONE
#ifndef PROT_BTI
#define PROT_BTI NONE
#endif
#ifndef PROT_MTE
#define PROT_MTE NONE
#endif
#ifndef PROT_SAO
#define PROT_SAO NONE
#endif
#ifndef PROT_ADI
#define PROT_ADI NONE
#endif

/*
 * Where stacks grow upwards MAP_GROWSDOWN makes none and PROT_GROWSUP finds one: the other way
 * round than everywhere else, which is not what a program means by them.
 */
#ifdef __hppa__
#define STACKS_GROW_UP true
#else
#define STACKS_GROW_UP false
#endif

struct number {
    uint32_t generic; /* 0: it has none */
    uint32_t own;     /* NONE */
};

static const struct number prots[] = {
    {ABI_PROT_READ, PROT_READ},
    {ABI_PROT_WRITE, PROT_WRITE},
    {ABI_PROT_EXEC, PROT_EXEC},
    {ABI_PROT_SEM, PROT_SEM},
    {ABI_PROT_GROWSDOWN, PROT_GROWSDOWN},
    {ABI_PROT_GROWSUP, PROT_GROWSUP},
    {0, PROT_BTI},
    {0, PROT_MTE},
    {0, PROT_SAO},
    {0, PROT_ADI},
};

static const struct number mapflags[] = {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) {linux_value, name},
#include "abi/mapflag.def"
#undef MAPFLAG
};

static const struct number msyncs[] = {
#define MSYNC(name, neutral, linux_value, freebsd_value) {linux_value, name},
#include "abi/misc.def"
};

static const struct {
    int32_t generic; /* -1: it has none */
    uint32_t own;
} advices[] = {
#define ADVICE(name, neutral, linux_value, freebsd_value) {linux_value, name},
#include "abi/misc.def"
};

static bool flags(const struct number *rows, size_t n, uint64_t generic, uint32_t *ret)
{
    uint32_t left = (uint32_t)generic;
    uint32_t taken = 0; /* all bits that have a meaning here */
    uint32_t out = 0;

    for (size_t i = 0; i < n; i++) {
        if (rows[i].own == NONE) {
            continue;
        }
        taken |= rows[i].own;
        if (left & rows[i].generic) {
            out |= rows[i].own;
            left &= ~rows[i].generic;
        }
    }
    if (left & taken) {
        return false;
    }
    *ret = out | left;
    return true;
}

bool numbers_prot(uint64_t generic, uint32_t *ret)
{
    return !(STACKS_GROW_UP && (generic & (ABI_PROT_GROWSDOWN | ABI_PROT_GROWSUP))) &&
           flags(prots, ARRAY_LEN(prots), generic, ret);
}

bool numbers_mapflags(uint64_t generic, uint32_t *ret)
{
    return !(STACKS_GROW_UP && (generic & LINUX_MAP_GROWSDOWN)) &&
           flags(mapflags, ARRAY_LEN(mapflags), generic, ret);
}

bool numbers_msync(uint64_t generic, uint32_t *ret)
{
    return flags(msyncs, ARRAY_LEN(msyncs), generic, ret);
}

bool numbers_advice(uint64_t generic, uint32_t *ret)
{
    uint32_t advice = (uint32_t)generic;

    for (size_t i = 0; i < ARRAY_LEN(advices); i++) {
        if (advices[i].own != NONE && advices[i].generic == (int32_t)advice) {
            *ret = advices[i].own;
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(advices); i++) {
        if (advices[i].own == advice) {
            return false;
        }
    }
    *ret = advice;
    return true;
}
