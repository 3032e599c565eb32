/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <asm/errno.h>
#include <string.h>

#include "agent.h"
#include "sys.h"

enum { HEAD = 4, SMALL_ROOM = 4096 };

static struct {
    uint8_t data[HEAD + AGENT_FRAME_MAX + SMALL_ROOM]; /* a large frame and small ones around it */
    size_t n;
    size_t frame; /* where the current one began */
    bool mute;
} out;

static uint8_t in[AGENT_FRAME_MAX];

void wire_begin(enum agent_frame type)
{
    out.frame = out.n;
    out.n += HEAD;
    wire_u8((uint8_t)type);
}

void wire_le(uint64_t v, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        out.data[out.n++] = (uint8_t)(v >> (8 * i));
    }
}

void wire_u8(uint8_t v)
{
    wire_le(v, 1);
}

void wire_u32(uint32_t v)
{
    wire_le(v, 4);
}

void wire_u64(uint64_t v)
{
    wire_le(v, 8);
}

void wire_bytes(const void *data, size_t len)
{
    memcpy(out.data + out.n, data, len);
    out.n += len;
}

void wire_done(void)
{
    size_t behind = out.n;

    out.n = out.frame;
    wire_u32((uint32_t)(behind - out.frame - HEAD));
    out.n = behind;
}

void wire_flush(void)
{
    size_t done = out.mute ? out.n : 0;

    while (done < out.n) {
        long n = sys_write(1, out.data + done, out.n - done);

        if (n == -EINTR || n == -EAGAIN) {
            continue;
        }
        if (sys_failed(n)) {
            sys_exit(1);
        }
        done += (size_t)n;
    }
    out.n = 0;
}

void wire_mute(bool mute)
{
    out.mute = mute;
}

/* LEN bytes; false at the end. */
static bool read_all(uint8_t *to, size_t len)
{
    size_t done = 0;

    while (done < len) {
        long n = sys_read(0, to + done, len - done);

        if (n == -EINTR || n == -EAGAIN) {
            continue;
        }
        if (n == 0 || sys_failed(n)) {
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

bool wire_read(struct wire_frame *ret)
{
    uint8_t head[HEAD];
    uint32_t len = 0;

    if (!read_all(head, HEAD)) {
        return false;
    }
    for (unsigned i = 0; i < HEAD; i++) {
        len |= (uint32_t)head[i] << (8 * i);
    }
    if (len == 0 || len > AGENT_FRAME_MAX) {
        agent_fail("a frame of no byte or of more than there may be");
    }
    if (!read_all(in, len)) {
        return false;
    }
    *ret = (struct wire_frame){in[0], in + 1, len - 1};
    return true;
}

bool wire_await(enum agent_frame type)
{
    uint8_t frame[HEAD + 1];

    return read_all(frame, sizeof(frame)) && frame[HEAD] == type;
}
