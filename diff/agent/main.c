/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who the agent is, then frames: each program in a process of its own, so that nothing stays. The
 * process of the next one is made while the one before runs: under an emulator that is what takes
 * longest. It waits at a gate until its turn comes, and reads its program itself.
 */
#include "agent.h"

#include <errno.h>
#include <linux/auxvec.h>
#include <linux/mman.h>
#include <string.h>

#include "access.h"
#include "maps.h"
#include "op/codec.h"
#include "sys.h"
#include "warm.h"
#include "wire.h"

_Alignas(AGENT_PAGE_MAX) uint8_t agent_anchor[AGENT_PAGE_MAX];

/* All that programs need, with all the room that they will ever have. */
static struct region regions[AGENT_REGIONS_MAX];
static struct op ops[PROG_OPS_MAX];
static struct prog_file files[PROG_FILES_MAX];
static struct prog_require requires[PROG_REQUIRES_MAX];

static struct agent agent;

/* Statuses of a program's process that end the agent: unlike those of emulators that give up. */
enum { FAILED = 198, NO_MORE = 199 };

_Noreturn void agent_fail(const char *text)
{
    wire_begin(AGENT_ERROR);
    wire_bytes(text, strlen(text));
    wire_done();
    wire_flush();
    sys_exit(FAILED);
}

static bool is_big_endian(void)
{
    const uint16_t one = 1;

    return *(const uint8_t *)&one == 0;
}

static void prepare(struct agent *a, uint64_t page)
{
    a->prog = PROG_INIT;
    a->prog.ops.v = ops;
    a->prog.ops.cap = PROG_OPS_MAX;
    a->prog.files.v = files;
    a->prog.files.cap = PROG_FILES_MAX;
    a->prog.requires.v = requires;
    a->prog.requires.cap = PROG_REQUIRES_MAX;
    a->now.v = regions;
    a->now.cap = AGENT_REGIONS_MAX;
    a->place = (struct record_place){
        .system = ABI_LINUX, .bits = 8 * sizeof(long), .page = page, .last = UINT64_MAX};
}

/* A page of the agent's own becomes what the host can find. */
static void map_anchor(void)
{
    long fd = sys_memfd(AGENT_ANCHOR);
    long at = fd;

    if (!sys_failed(fd) && sys_write_at((int)fd, agent_anchor, sizeof(agent_anchor), 0) > 0) {
        at = sys_mmap((uintptr_t)agent_anchor, sizeof(agent_anchor), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_FIXED, (int)fd, 0);
    }
    if (sys_failed(at) || (unsigned long)at != (uintptr_t)agent_anchor) {
        agent_fail("the anchor cannot be mapped");
    }
    (void)sys_close((int)fd);
}

static void hello(const struct agent *a)
{
    const struct record_place *p = &a->place;

    wire_begin(AGENT_HELLO);
    wire_u32(AGENT_MAGIC);
    wire_le(AGENT_VERSION, 2);
    wire_u8((uint8_t)p->bits);
    wire_u8(is_big_endian());
    wire_u64(p->page);
    wire_u64(p->window);
    wire_u64(p->within.start);
    wire_u64(p->within.last);
    wire_u64(p->last);
    wire_u64(p->fixed_min);
    wire_u64(p->min_addr);
    wire_u8(p->privileged);
    wire_u8(p->exec_only);
    wire_u64((uintptr_t)agent_anchor);
    wire_u32(p->release);
    wire_u32((uint32_t)sys_getpid());
    wire_u8(sizeof(AGENT_ARCH) - 1);
    wire_bytes(AGENT_ARCH, sizeof(AGENT_ARCH) - 1);
    wire_done();
    wire_flush();
}

/* In the process of a program. */
static void await_go(void)
{
    wire_begin(AGENT_PAUSED);
    wire_u32((uint32_t)sys_getpid());
    wire_done();
    wire_flush();
    (void)wire_await(AGENT_GO);
}

bool agent_take_program(struct agent *a, const uint8_t *data, size_t len)
{
    if (prog_decode(&a->prog, data, len) < 0) {
        return false;
    }
    a->how = (struct op_resolver){
        .system = ABI_LINUX,
        .bits = a->place.bits,
        .window = a->place.window,
        .n_files = a->prog.files.n,
        .mremap = true,
    };
    return true;
}

static _Noreturn void run_program(struct agent *a, const struct wire_frame *f)
{
    uint8_t flags = f->data[0];

    if (!agent_take_program(a, f->data + 1, f->len - 1)) {
        agent_fail("a program with more than there is room for");
    }
    a->no_maps = (flags & AGENT_NO_MAPS) != 0;
    if (!files_make(a)) {
        agent_fail("the program's files cannot be made");
    }
    steps_run(a);
    if (flags & AGENT_PAUSE) {
        await_go();
    }
    sys_exit(0);
}

static void report(long pid, int status)
{
    int signal = status & 0x7f;
    int code = status >> 8 & 0xff;

    wire_begin(AGENT_DONE);
    if (signal) {
        wire_u8(AGENT_SIGNALED);
        wire_u8((uint8_t)access_signal(signal));
    } else {
        wire_u8(code ? AGENT_STATUS : AGENT_EXITED);
        wire_u8((uint8_t)code);
    }
    wire_u32((uint32_t)pid);
    wire_done();
    wire_flush();
}

/* In the process of a program: its turn, then its frame. */
static _Noreturn void await_program(struct agent *a, int gate)
{
    struct wire_frame f;
    uint8_t turn;

    sys_die_with_parent();
    if (sys_read(gate, &turn, 1) != 1) {
        sys_exit(NO_MORE);
    }
    do {
        if (!wire_read(&f)) {
            sys_exit(NO_MORE);
        }
    } while (f.type == AGENT_GO); /* of a process that died in its pause */
    if (f.type != AGENT_PROGRAM || f.len == 0) {
        agent_fail("a frame that is no program");
    }
    run_program(a, &f);
}

/* A process and how it is let through: by a gate of its own, so that none takes another's turn. */
struct waiting {
    long pid;
    int gate;
};

static struct waiting make_process(struct agent *a)
{
    int gate[2];
    long pid;

    if (sys_failed(sys_pipe(gate))) {
        agent_fail("no pipe can be made");
    }
    pid = sys_fork();
    if (pid == 0) {
        (void)sys_close(gate[1]);
        await_program(a, gate[0]);
    }
    if (sys_failed(pid)) {
        agent_fail("no process can be made for a program");
    }
    (void)sys_close(gate[0]);
    return (struct waiting){pid, gate[1]};
}

static _Noreturn void serve(struct agent *a)
{
    struct waiting next = make_process(a);

    for (;;) {
        struct waiting now = next;
        int status = 0;
        long got;

        if (sys_write(now.gate, "", 1) != 1) {
            agent_fail("no process can be let through");
        }
        (void)sys_close(now.gate);
        next = make_process(a);
        do {
            got = sys_wait(now.pid, &status);
        } while (sys_failed(got) && got == -EINTR);
        if (status == NO_MORE << 8 || status == FAILED << 8) {
            sys_exit(status >> 8 == NO_MORE ? 0 : 1);
        }
        report(now.pid, status);
    }
}

/* The system page size of those that the stack at STACK tells of. */
static uint64_t find_page(const unsigned long *stack)
{
    const unsigned long *at = stack + 1 + stack[0] + 1; /* behind the arguments, */

    while (*at) {
        at++;
    }
    for (at++; at[0] != AT_NULL; at += 2) { /* and the environment */
        if (at[0] == AT_PAGESZ) {
            return at[1];
        }
    }
    return 0;
}

/* arch/ARCH.S: STACK is what the system has left for a program that starts. */
_Noreturn void agent_main(const unsigned long *stack);
_Noreturn void agent_main(const unsigned long *stack)
{
    uint64_t page = find_page(stack);

    if (page < 4096 || page > AGENT_PAGE_MAX) {
        agent_fail("the system does not tell its page size");
    }
    prepare(&agent, page);
    access_init();
    map_anchor();
    space_find(&agent);
    warm_up(&agent);
    if (!maps_read(&agent, agent.place.within)) { /* what every program finds */
        agent_fail("/proc/self/maps cannot be read");
    }
    hello(&agent);
    serve(&agent);
}
