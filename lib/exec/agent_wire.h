/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest agent and whoever drives it say to each other, over two pipes: frames of a
 * little-endian u32 length (of what follows it), a byte of enum agent_frame, and a payload of
 * little-endian integers. The agent is built without a C library for machines of either byte order,
 * so nothing here is a struct that is sent as it is.
 *
 * The agent says HELLO once. Then for each PROGRAM that it gets: BEGIN in front of every step, END
 * behind it, and DONE, before which it has waited for a GO if the program was sent with
 * AGENT_PAUSE. A step that has a BEGIN and no END is the one in which the agent's child died.
 *
 * Steps do not nest: the END of a fork comes before the BEGIN of its child's RECORD_BORN. A process
 * of the program that dies takes the others along: DONE says how it died.
 */
#pragma once

#include <stdint.h>

#define AGENT_MAGIC UINT32_C(0x6d677774) /* "twgm", little-endian */

enum {
    AGENT_VERSION = 1,
    AGENT_FRAME_MAX = 1 << 20, /* longer ones are an error of whoever sent it */
    AGENT_ARCH_MAX = 16,
};

enum agent_frame {
    /* to the agent */
    AGENT_PROGRAM = 1, /* u8 flags (enum agent_flags), then a program in the binary codec */
    AGENT_GO,          /* nothing: the pause is over */
    /* from the agent */
    AGENT_HELLO,
    AGENT_BEGIN,
    AGENT_END,
    AGENT_PAUSED, /* u32 pid of the paused process as the host counts it */
    AGENT_DONE,
    AGENT_ERROR, /* text: the agent cannot go on */
};

enum agent_flags {
    AGENT_PAUSE = 1,   /* when all steps are done, say PAUSED and wait for GO: somebody looks */
    AGENT_NO_MAPS = 2, /* no regions: faster */
};

/*
 * HELLO: u32 magic, u16 version, u8 bits, u8 1 if big-endian, u64 page, u64 window,
 * u64 within.start, u64 within.last, u64 last address of user space, u64 lowest address that may be
 * mapped, u64 what lower hints become, u8 1 if below the limit may be mapped, u8 1 if a page with
 * PROT_EXEC alone cannot be read (exec_only), u64 address of a page that holds the anchor,
 * u32 release of the system (as struct record_place has it), u32 pid, u8 length and text of the
 * architecture.
 *
 * The anchor is a shared mapping of a memfd named AGENT_ANCHOR: found in /proc/PID/maps on the
 * host, it tells where the guest's address 0 is there.
 *
 * BEGIN: u8 enum record_what, u32 op, u32 process.
 *
 * END: u8 outcome kind (enum outcome_kind), u8 mixed, u8 poison (enum record_poison), u8 has_at,
 * i32 errno (enum abi_errno; on a failure), u8 signal (enum agent_signal), u64 value, u64 at,
 * u8 has_regions, u32 n and n regions: u64 start, u64 last, u8 prot, u8 kind, u8 shared,
 * u64 object, u64 offset; u32 n and n digests: u64 page, u64 sum (of a page that cannot be loaded:
 * enum agent_signal), u8 enum record_bytes.
 *
 * DONE: u8 enum agent_end, u8 enum agent_signal or status of the program's process, u32 pid of it.
 */
#define AGENT_ANCHOR "twinmap-anchor"

/* Signals by name: their numbers differ between architectures. */
enum agent_signal {
    AGENT_SIG_NONE,
    AGENT_SIGSEGV,
    AGENT_SIGBUS,
    AGENT_SIGILL,
    AGENT_SIGTRAP,
    AGENT_SIGFPE,
    AGENT_SIGABRT,
    AGENT_SIGKILL,
    AGENT_SIGSYS,
    AGENT_SIG_OTHER,
};

/* How the process that ran a program ended. */
enum agent_end {
    AGENT_EXITED,   /* as it should, with status 0 */
    AGENT_STATUS,   /* with another status: that of an emulator that gave up, say */
    AGENT_SIGNALED, /* by a signal */
};
