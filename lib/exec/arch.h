/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The architectures of guest agents (arch.def), and where their agents and emulators are found. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct arch_desc {
    const char *name;
    unsigned bits;
    uint64_t page;
    bool big_endian;
    const char *emulator_package;
    const char *compiler_package;
};

/* The N-th row; NULL past the last. */
const struct arch_desc *arch_nth(size_t n);
/* By name of LEN bytes; NULL if there is none. */
const struct arch_desc *arch_find(const char *name, size_t len);
/* The one that this process itself runs on; NULL if it is none of them. */
const struct arch_desc *arch_native(void);

/*
 * The path of A's agent into PATH: in $TWINMAP_AGENTS, else beside this executable, else where the
 * installation put it. False: WHY says what would bring it.
 */
bool arch_find_agent(const struct arch_desc *a, struct buf *path, struct buf *why);
/* The path of program NAME, looked up in PATH if it has no slash. False if there is none. */
bool arch_find_program(const char *name, struct buf *path);
/* The same for A's emulator; BIN NULL: qemu-NAME. */
bool arch_find_emulator(const struct arch_desc *a, const char *bin, struct buf *path,
                        struct buf *why);
