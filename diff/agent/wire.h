/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames on the two pipes, exec/agent_wire.h. What is put goes out when it is flushed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exec/agent_wire.h"

void wire_begin(enum agent_frame type);
void wire_u8(uint8_t v);
void wire_u32(uint32_t v);
void wire_u64(uint64_t v);
/* The LEN low bytes of V. */
void wire_le(uint64_t v, unsigned len);
void wire_bytes(const void *data, size_t len);
void wire_done(void);
/* Ends this process if nobody reads. */
void wire_flush(void);
/* Nothing goes out as long as MUTE; what is flushed then is gone. */
void wire_mute(bool mute);

struct wire_frame {
    uint8_t type; /* enum agent_frame */
    const uint8_t *data;
    size_t len;
};

/* The next frame, valid until the one after it; false at the end of all. */
bool wire_read(struct wire_frame *ret);

/*
 * A frame of TYPE without a payload comes next; false if not. It is read in one piece, so that the
 * next process finds a whole frame or none should this one be killed.
 */
bool wire_await(enum agent_frame type);
