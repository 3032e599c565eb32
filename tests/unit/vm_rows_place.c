/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows 38 to 50: where a map without MAP_FIXED goes. Address randomisation is off. That Linux
 * aligns what may get huge pages depends on a setting: allowed, not the default.
 */
#include "vm_rows.h"

#define ONE_PAGE(hint, ...) MAP(hint, P, R, ANON, NOFD, 0, __VA_ARGS__)
#define MIB2 0x200000ull

static const struct row place[] = {
    {"38", "hint free, aligned", .step = {ONE_PAGE(H, BOTH(AT(H)))}},
    {"39", "hint unaligned", .step = {ONE_PAGE(H + 16, AT(H), AT(H + P))}},
    {"40", "hint used, or partly",
     .step = {MAP(H, P, R, ANON | FIX, NOFD, 0, BOTH(OK)),
              ONE_PAGE(H, AT(PLACE_LINUX - P), AT(H + P)),
              MAP(H - P, 2 * P, R, ANON, NOFD, 0, AT(PLACE_LINUX - 3 * P), AT(H + 2 * P))}},
    {"41", "hint inside [text, data + datalimit)", .step = {ONE_PAGE(A, AT(A), AT(PLACE_FREEBSD))}},
    {"42", "hint 1 to P - 1", .step = {ONE_PAGE(1, AT(PLACE_LINUX - P), AT(P))}},
    {"43", "hint above user space",
     .step = {ONE_PAGE(ABOVE, AT(PLACE_LINUX - P), AT(PLACE_FREEBSD))}},
    {"44", "no hint", .step = {ONE_PAGE(0, AT(PLACE_LINUX - P), AT(PLACE_FREEBSD))}},
    {"45", "no hint, repeated",
     .step = {ONE_PAGE(0, BOTH(OK)), ONE_PAGE(0, AT(PLACE_LINUX - 2 * P), AT(PLACE_FREEBSD + P)),
              ONE_PAGE(0, AT(PLACE_LINUX - 3 * P), AT(PLACE_FREEBSD + 2 * P))}},
    {"46", "anon len = k * 2 MiB",
     .step = {ONE_PAGE(0, BOTH(OK)),
              MAP(0, MIB2, R, ANON, NOFD, 0, MAY_AT((PLACE_LINUX - MIB2 - P) & ~(MIB2 - 1)),
                  AT(PLACE_FREEBSD + P))}},
    {"47", "alignment request",
     .step = {ONE_PAGE(0, BOTH(OK)), MAP(0, P, R, ANON | RAW(20u << 24), NOFD, 0,
                                         AT(PLACE_LINUX - 2 * P), AT(PLACE_FREEBSD + (1 << 20)))}},
    {"48", "MAP_ALIGNED(n) too small or too large", .skip = {"Linux has no MAP_ALIGNED", NULL},
     .step = {MAP(0, P, R, ANON | ABI_MAP_ALIGNED(11), NOFD, 0, NA, ERR(EINVAL)),
              MAP(0, P, R, ANON | ABI_MAP_ALIGNED(64), NOFD, 0, NA, ERR(EINVAL)),
              MAP(0, P, R, ANON | ABI_MAP_ALIGNED(12), NOFD, 0, NA, OK),
              MAP(0, P, R, ANON | ABI_MAP_ALIGNED(1), NOFD, 0, NA, OK)}},
    {"49", "MAP_32BIT",
     .step = {MAP(0, P, R, ANON | ABI_MAP_32BIT, NOFD, 0, LOW, AT(P)),
              MAP(H, P, R, ANON | ABI_MAP_32BIT, NOFD, 0, LOW, AT(2 * P))}},
    {"50", "MAP_32BIT + FIXED above 2 GiB",
     .step = {MAP(H, P, R, ANON | FIX | ABI_MAP_32BIT, NOFD, 0, AT(H), ERR(EINVAL))}},
};

const struct row_table rows_place = {"placement", place, ARRAY_LEN(place)};
