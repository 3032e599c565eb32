/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that may not be there: what the agent touches for a program. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "exec/agent_wire.h"

/* An access that met a fault. */
struct access_fault {
    uint8_t signal; /* enum agent_signal */
    uint64_t at;    /* the first byte that could not be had */
};

/* Whose handlers these are; once per process that is started. */
void access_init(void);

/* LEN bytes at AT, from its first to its last. False with *F if one of them faults. */
bool access_store(uint64_t at, uint64_t len, uint8_t byte, struct access_fault *f);
/* The first byte, and whether others differ from it. */
bool access_load(uint64_t at, uint64_t len, uint8_t *ret, bool *mixed, struct access_fault *f);
bool access_copy(void *to, uint64_t at, uint64_t len, struct access_fault *f);

/* By the system's number. */
enum agent_signal access_signal(int number);
/* The other way; 0: none of those with a name. */
int access_signal_number(enum agent_signal signal);
