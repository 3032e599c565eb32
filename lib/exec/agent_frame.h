/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading what an agent says (agent_wire.h). Whatever is behind the pipe may be broken: every
 * length, number and order is looked at, and what is wrong with one is said in words.
 */
#pragma once

#include "base/err.h"
#include "exec/agent_wire.h"
#include "exec/record.h"

/* A frame whose bytes are the reader's. */
struct agent_view {
    uint8_t type; /* enum agent_frame */
    const uint8_t *data;
    size_t len;
};

/*
 * The frame at the start of DATA. 1 with *USED bytes that it takes; 0: not all of it is there;
 * -EPROTO with the reason in E.
 */
int agent_frame_next(const uint8_t *data, size_t len, struct agent_view *ret, size_t *used,
                     struct err *e);

struct agent_hello {
    struct record_place place; /* without the limits of this system */
    bool big_endian;
    uint64_t anchor; /* address of its page */
    uint32_t pid;
    char arch[AGENT_ARCH_MAX];
};

struct agent_begin {
    enum record_what what;
    uint32_t op;
    uint32_t process;
};

struct agent_done {
    enum agent_end end;
    uint8_t how; /* enum agent_signal of AGENT_SIGNALED, else the status */
    uint32_t pid;
};

/* Each 0, or -EPROTO with the reason in E; -ENOMEM. */
int agent_read_hello(const struct agent_view *f, struct agent_hello *ret, struct err *e);
int agent_read_begin(const struct agent_view *f, struct agent_begin *ret, struct err *e);
/*
 * Outcome, regions and digests into S, the last step of R; ALL is scratch. A mapping that does not
 * lie within the record's place is refused.
 */
int agent_read_end(const struct agent_view *f, struct record *r, struct record_step *s,
                   struct region_vec *all, struct err *e);
int agent_read_paused(const struct agent_view *f, uint32_t *pid, struct err *e);
int agent_read_done(const struct agent_view *f, struct agent_done *ret, struct err *e);

/* The signal of this system; 0 of AGENT_SIG_NONE and of what it has no name for. */
int agent_signal_number(enum agent_signal s);
