/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows 141 to 156: mremap (Linux alone), minherit and what fork leaves. */
#include "vm_rows.h"

#define ANON_AT(at, len, prot) MAP(at, len, prot, ANON | FIX, NOFD, 0, BOTH(AT(at)))
#define MAYMOVE ABI_MREMAP_MAYMOVE
#define TO (ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED)
#define B (A + 0x100000)
#define NO_MREMAP \
    { \
        NULL, "FreeBSD has no mremap" \
    }

enum { SHARE, COPY, ABSENT, ZERO, BAD_VALUE = 7, DONTFORK = 10, WIPEONFORK = 18 };

static const struct row rows[] = {
    {"141", "mremap, any",
     .step = {ANON_AT(A, 2 * P, RW), REMAP(A, 2 * P, P, 0, 0, AT(A), ERR(ENOSYS)),
              LIST(A + P, NOTHING, LISTED(ANON, RW))}},
    {"142", "mremap, shrink, tail spans maps and holes", .skip = NO_MREMAP,
     .step = {ANON_AT(A, 2 * P, RW), ANON_AT(A + 3 * P, P, R), STORE(A, 1, OK, NA),
              REMAP(A, 4 * P, P, 0, 0, AT(A), NA), LOAD(A, BYTE(1), NA), LIST(A + P, NOTHING, NA),
              LIST(A + 3 * P, NOTHING, NA)}},
    {"143", "mremap, grow blocked, no MAYMOVE", .skip = NO_MREMAP,
     .step = {ANON_AT(A, P, RW), ANON_AT(A + P, P, R), REMAP(A, P, 2 * P, 0, 0, ERR(ENOMEM), NA),
              LIST(A, LISTED(ANON, RW), NA), LIST(A + P, LISTED(ANON, R), NA)}},
    {"144", "mremap, grow, old range crosses the map's end", .skip = NO_MREMAP,
     .step = {ANON_AT(A, P, RW), REMAP(A, 2 * P, 3 * P, MAYMOVE, 0, ERR(EFAULT), NA)}},
    {"145", "mremap, grow, old range ends inside the map", .skip = NO_MREMAP,
     .step = {ANON_AT(A, 3 * P, RW), STORE(A, 1, OK, NA), REMAP(A, P, 2 * P, 0, 0, ERR(ENOMEM), NA),
              REMAP(A, P, 2 * P, MAYMOVE, 0, AT(PLACE_LINUX - 2 * P), NA),
              LOAD(RESULT(0), BYTE(1), NA), LIST(A, NOTHING, NA),
              LIST(A + P, LISTED(ANON, RW), NA)}},
    {"146", "mremap, FIXED overlap or same address", .skip = NO_MREMAP,
     .step = {ANON_AT(A, 2 * P, RW), REMAP(A, 2 * P, 2 * P, TO, A + P, ERR(EINVAL), NA),
              REMAP(A, 2 * P, 2 * P, TO, A, ERR(EINVAL), NA), LIST(A, LISTED(ANON, RW), NA)}},
    {"147", "mremap, FIXED, several maps, same size", .skip = NO_MREMAP,
     .step = {ANON_AT(A, P, RW), ANON_AT(A + 2 * P, P, R), STORE(A, 1, OK, NA),
              REMAP(A, 3 * P, 3 * P, TO, B, AT(B), NA), LOAD(B, BYTE(1), NA),
              LIST(B + P, NOTHING, NA), LIST(B + 2 * P, LISTED(ANON, R), NA), LIST(A, NOTHING, NA),
              LIST(A + 2 * P, NOTHING, NA)}},
    {"147", "mremap, FIXED, several maps, before 6.17", .skip = NO_MREMAP, .linux_release = 600,
     .step = {ANON_AT(A, P, RW), ANON_AT(A + P, P, R),
              REMAP(A, 2 * P, 2 * P, TO, B, ERR(EFAULT), NA)}},
    {"148", "mremap, FIXED, several maps, grow", .skip = NO_MREMAP,
     .step = {ANON_AT(A, P, RW), ANON_AT(A + P, P, R), ANON_AT(B, P, RW), STORE(B, 2, OK, NA),
              REMAP(A, 2 * P, 3 * P, TO, B, ERR(EFAULT), NA), LOAD(B, BYTE(2), NA)}},
    {"149", "mremap, old_len 0, private", .skip = NO_MREMAP,
     .step = {ANON_AT(A, P, RW), REMAP(A, 0, P, MAYMOVE, 0, ERR(EINVAL), NA)}},
    {"150", "mremap, old_len 0, shared, no MAYMOVE", .skip = NO_MREMAP,
     .step = {MAP(A, P, RW, SHANON | FIX, NOFD, 0, AT(A), NA),
              REMAP(A, 0, P, 0, 0, ERR(ENOMEM), NA)}},
    {"151", "mremap, unmapped old address", .skip = NO_MREMAP,
     .step = {REMAP(A, P, P, 0, 0, ERR(EFAULT), NA)}},
    {"152", "mremap, same size over a hole", .skip = NO_MREMAP,
     .step = {ANON_AT(A, P, RW), REMAP(A, 4 * P, 4 * P, 0, 0, AT(A), NA),
              LIST(A + P, NOTHING, NA)}},
    {"153", "mremap, DONTUNMAP with resize", .skip = NO_MREMAP,
     .step = {ANON_AT(A, 2 * P, RW),
              REMAP(A, P, 2 * P, MAYMOVE | ABI_MREMAP_DONTUNMAP, 0, ERR(EINVAL), NA)}},
    {"154", "minherit, bad value", .skip = {"Linux has no minherit", NULL},
     .step = {ANON_AT(A, P, RW), INHERIT(A, P, BAD_VALUE, NA, ERR(EINVAL)),
              INHERIT(A, 0, BAD_VALUE, NA, ERR(EINVAL))}},
    {"155", "minherit, holes or unmapped", .skip = {"Linux has no minherit", NULL},
     .step = {INHERIT(A, 4 * P, ABSENT, NA, OK), ANON_AT(A + P, P, RW),
              INHERIT(A, 4 * P, ABSENT, NA, OK), FORK(NA, OK), LOAD(A + P, NA, SEGV(1)),
              EXIT(NA, OK), LOAD(A + P, NA, BYTE(0))}},
    {"156", "absent in the child",
     .step = {ANON_AT(A, 2 * P, RW), STORE(A, 1, BOTH(OK)), STORE(A + P, 1, BOTH(OK)),
              ADVISE(A, P, DONTFORK, OK, NA), INHERIT(A, P, ABSENT, NA, OK), FORK(BOTH(OK)),
              LOAD(A, BOTH(SEGV(1))), LOAD(A + P, BOTH(BYTE(1))), EXIT(BOTH(OK)),
              LOAD(A, BOTH(BYTE(1)))}},
    {"156", "zero in the child",
     .step = {ANON_AT(A, P, RW), STORE(A, 1, BOTH(OK)), ADVISE(A, P, WIPEONFORK, OK, NA),
              INHERIT(A, P, ZERO, NA, OK), FORK(BOTH(OK)), LOAD(A, BOTH(BYTE(0))),
              STORE(A, 2, BOTH(OK)), EXIT(BOTH(OK)), LOAD(A, BOTH(BYTE(1)))}},
    {"156", "shared with the child", .skip = {"Linux cannot ask for it", NULL},
     .step = {ANON_AT(A, 2 * P, RW), STORE(A, 1, NA, OK), INHERIT(A, 2 * P, SHARE, NA, OK),
              FORK(NA, OK), LOAD(A, NA, BYTE(1)), STORE(A, 2, NA, OK), STORE(A + P, 3, NA, OK),
              EXIT(NA, OK), LOAD(A, NA, BYTE(2)), LOAD(A + P, NA, BYTE(3))}},
    {"156", "a shared map copied for the child", .skip = {"Linux cannot ask for it", NULL},
     .step = {MAP(A, P, RW, SHANON | FIX, NOFD, 0, NA, AT(A)), STORE(A, 1, NA, OK),
              INHERIT(A, P, COPY, NA, OK), FORK(NA, OK), STORE(A, 2, NA, OK), EXIT(NA, OK),
              LOAD(A, NA, BYTE(1))}},
};

const struct row_table rows_mremap = {"mremap and minherit", rows, ARRAY_LEN(rows)};
