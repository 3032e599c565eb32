/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows 157 to 171: faults, contents, listings. How many rows a listing has is a kernel's own affair
 * that the specification states as "one", "two" or "either"; "either" satisfies both here.
 */
#include "vm_rows.h"

#define ANON_AT(at, len, prot) MAP(at, len, prot, ANON | FIX, NOFD, 0, BOTH(AT(at)))
#define FILE_AT(at, len, prot, type, fd, off) \
    MAP(at, len, prot, (type) | FIX, fd, off, BOTH(AT(at)))

static const struct row memory[] = {
    {"157", "wholly beyond EOF",
     .step = {FILE_AT(A, 4 * P, RW, PRIV, FD_RW, 0), LOAD(A + 2 * P, BOTH(BYTE(ROW_FILE_BYTE(2)))),
              LOAD(A + 3 * P, BUS(2), BUS(3)), STORE(A + 3 * P, 1, BUS(2), BUS(3)),
              FILE_AT(A + 8 * P, 4 * P, RW, SHAR, FD_RW, 0), LOAD(A + 11 * P, BUS(2), BUS(3))}},
    {"158", "unmapped", .step = {LOAD(A, BOTH(SEGV(1))), STORE(A, 1, BOTH(SEGV(1)))}},
    {"159", "protection",
     .step = {ANON_AT(A, P, R), ANON_AT(A + P, P, NONE), STORE(A, 1, BOTH(SEGV(2))),
              LOAD(A + P, BOTH(SEGV(2)))}},
    {"160", "guard, or guard page of a stack",
     .step = {MAP(A, P, NONE, ABI_MAP_GUARD | FIX, NOFD, 0, NA, AT(A)), LOAD(A, NA, SEGV(2)),
              MAP(A + P, 64 * P, RW, ANON | FIX | ABI_MAP_STACK, NOFD, 0, NA, OK),
              LOAD(A + P, NA, SEGV(2)), STORE(A + 2 * P, 1, NA, OK), ANON_AT(A - P, P, R),
              MAP(A + 16 * P, P, RW, ANON | FIX | ABI_MAP_GROWSDOWN, NOFD, 0, OK, NA),
              LOAD(A + 15 * P, SEGV(1), NA)}},
    {"161", "read of PROT_WRITE-only",
     .step = {ANON_AT(A, P, W), LOAD(A, BYTE(0), SEGV(2)), STORE(A, 1, BOTH(OK)),
              LOAD(A, BOTH(BYTE(1)))}},
    {"162", "private copied page after truncate",
     .step = {FILE_AT(A, 2 * P, RW, PRIV, FD_RW, 0), STORE(A + P, 1, BOTH(OK)), TRUNCATE(FD_RW, P),
              LOAD(A + P, BUS(2), BYTE(1))}},
    {"163", "tail of the last file page",
     .step = {FILE_AT(A, 3 * P, R, PRIV, FD_RW, 0),
              LOAD(A + ROW_FILE_SIZE - 1, BOTH(BYTE(ROW_FILE_BYTE(2)))),
              LOAD(A + ROW_FILE_SIZE, BOTH(BYTE(0))), LOAD(A + 3 * P - 1, BOTH(BYTE(0)))}},
    {"164", "private untouched page, file written",
     .step = {FILE_AT(A, 2 * P, RW, PRIV, FD_RW, 0), LOAD(A, BOTH(BYTE(ROW_FILE_BYTE(0)))),
              STORE(A + P, 1, BOTH(OK)), WRITE(FD_RW, 0, 0x77), WRITE(FD_RW, P, 0x78),
              LOAD(A, BOTH(BYTE(0x77))), LOAD(A + P, BOTH(BYTE(1)))}},
    {"165", "file grows over an EOF page",
     .step = {FILE_AT(A, 4 * P, R, SHAR, FD_RW, 0), LOAD(A + 3 * P, BUS(2), BUS(3)),
              TRUNCATE(FD_RW, 4 * P), LOAD(A + 3 * P, BOTH(BYTE(0)))}},
    {"166", "list, adjacent untouched anon",
     .step = {ANON_AT(A, P, RW), ANON_AT(A + P, P, RW), JOINT(A + P, BOTH(ONE)),
              LIST(A, BOTH(LISTED(ANON, RW))), LIST(A + P, BOTH(LISTED(ANON, RW)))}},
    {"167", "list, new anon below a touched one",
     .step = {ANON_AT(A + P, P, RW), STORE(A + P, 1, BOTH(OK)), ANON_AT(A, P, RW),
              JOINT(A + P, ONE, TWO), LIST(A, BOTH(LISTED(ANON, RW)))}},
    {"168", "list, new anon above a touched one",
     .step = {ANON_AT(A, P, RW), STORE(A, 1, BOTH(OK)), ANON_AT(A + P, P, RW),
              JOINT(A + P, BOTH(ONE)), LIST(A + P, BOTH(LISTED(ANON, RW)))}},
    {"169", "list, shared anon neighbours",
     .step = {MAP(A, P, RW, SHANON | FIX, NOFD, 0, BOTH(OK)),
              MAP(A + P, P, RW, SHANON | FIX, NOFD, 0, BOTH(OK)), STORE(A, 1, BOTH(OK)),
              STORE(A + P, 1, BOTH(OK)), JOINT(A + P, BOTH(TWO))}},
    {"170", "list, file, consecutive, two descriptors",
     .step = {FILE_AT(A, P, R, SHAR, FD_RW, 0), FILE_AT(A + P, P, R, SHAR, FD_RW_AGAIN, P),
              JOINT(A + P, TWO, ONE), LIST(A, BOTH(LISTED(FILE, R))),
              LIST(A + P, BOTH(LISTED(FILE, R)))}},
    {"171", "list, read-only split, made writable, touched, made read-only",
     .step = {ANON_AT(A, 3 * P, R), PROTECT(A + P, P, RW, BOTH(OK)), STORE(A + P, 1, BOTH(OK)),
              PROTECT(A + P, P, R, BOTH(OK)), JOINT(A + P, TWO, ONE), JOINT(A + 2 * P, TWO, ONE),
              LIST(A, BOTH(LISTED(ANON, R))), LIST(A + P, BOTH(LISTED(ANON, R)))}},
};

const struct row_table rows_memory = {"memory", memory, ARRAY_LEN(memory)};
