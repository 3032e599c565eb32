/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the checks of the host contract share: the host under test, and the world around it, which
 * makes files and answers what the contract has no call for. Checks are the same for all worlds;
 * where systems differ by nature a check asks for the host's.
 */
#pragma once

#include "abi/abi.h"
#include "host/host.h"

#define ANON (HOST_MAP_PRIVATE | HOST_MAP_ANON)
#define FIXED_ANON (ANON | HOST_MAP_FIXED)
#define RW (HOST_R | HOST_W)
#define NO_FILE 1000 /* a descriptor that is not open */

struct contract_world {
    const char *name;
    enum abi_system system; /* of a simulated host */
    uint64_t page;          /* 0: what the host has */
    /* For the group of tests; NULL: nothing to do. */
    int (*open)(void);
    void (*close)(void);
    /* A bare host whose window holds nothing, with t.base, t.size and t.system filled in. */
    struct host *(*begin)(const struct contract_world *w);
    /* A file of LEN bytes, each its offset's low byte plus 1, open for both. */
    int (*file)(size_t len);
    int (*again)(int fd, bool writable); /* another descriptor of the same file */
    int (*write_only_device)(void);
    int (*pipe_to_read)(void);
    void (*close_fd)(int fd);
    bool (*resident)(uint64_t addr);
};

extern struct host_contract {
    const struct contract_world *w;
    uint64_t base, size; /* window, host addresses; on the real host a struct host_window */
    enum abi_system system;
    struct host *bare;
    struct host *h; /* under test: bare, or decorators on it */
    uint64_t page;
} t;

enum { CONTRACT_WORLDS = 7 };
extern const struct contract_world contract_worlds[CONTRACT_WORLDS];

/* Address of the N-th page that the checks use. */
uint64_t page_at(unsigned n);
/* N pages from the FIRST-th, fresh anonymous memory. */
void map_pages(unsigned first, unsigned n, int prot);

void check_anonymous_memory_is_zero_and_keeps_bytes(void);
void check_protect_rules_access_but_not_peek(void);
void check_a_fault_in_the_middle_is_exact(void);
void check_a_page_past_eof_is_a_bus_error(void);
void check_fstat(void);
void check_pread_is_short_only_at_eof(void);
void check_peek_crosses_rights_and_stops_at_holes(void);
