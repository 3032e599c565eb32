/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real host and the simulated ones, with what the checks need beside the host's own calls. */
#include "host_contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/int.h"
#include "host/real.h"
#include "host/sim.h"
#include "host/window.h"

#define SIM_WINDOW UINT64_C(0x200000000000)
#define SIM_WINDOW_SIZE (UINT64_C(1) << 32)

static struct host_window window;
static struct sim_host *sims[ABI_SYSTEM_COUNT];

static void fill_pattern(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    unsigned char *bytes = buf;

    (void)arg;
    (void)index;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (unsigned char)(offset + i + 1);
    }
}

static int real_open(void)
{
    struct err e;

    return host_window_open(&window, WINDOW_32, &e);
}

static void real_close(void)
{
    host_window_close(&window);
}

static struct host *real_begin(const struct contract_world *w)
{
    (void)w;
    /* cmocka takes the signals for each test: the handlers are put back here */
    assert_int_equal(host_catch_install(NULL), 0);
    assert_int_equal(host_window_reset(&window, 0, NULL), 0);
    t.base = window.base;
    t.size = window.size;
    /* Linux alone has a remap */
    t.system = host_real()->caps.remap ? ABI_LINUX : ABI_FREEBSD;
    return host_real();
}

static int real_file(size_t len)
{
    int fd = memfd_create("contract", MFD_CLOEXEC);
    unsigned char *bytes = malloc(len);

    assert_true(fd >= 0);
    assert_non_null(bytes);
    fill_pattern(NULL, 0, 0, bytes, len);
    assert_int_equal(write(fd, bytes, len), len);
    free(bytes);
    return fd;
}

static int real_again(int fd, bool writable)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
}

static int real_write_only_device(void)
{
    return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static int real_pipe_to_read(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    close(ends[1]);
    return ends[0];
}

static void real_close_fd(int fd)
{
    close(fd);
}

static bool real_resident(uint64_t addr)
{
    unsigned char seen = 1;

    assert_int_equal(mincore((void *)(uintptr_t)addr, t.page, (void *)&seen), 0);
    return seen & 1;
}

static struct sim_host *sim(void)
{
    return sims[t.system];
}

static int sim_open(enum abi_system system)
{
    struct err e;

    return sims[system] ? 0 : sim_host_new(&sims[system], system, &e);
}

static int sim_open_linux(void)
{
    return sim_open(ABI_LINUX);
}

static int sim_open_freebsd(void)
{
    return sim_open(ABI_FREEBSD);
}

static void sim_close(void)
{
    for (size_t i = 0; i < ARRAY_LEN(sims); i++) {
        sims[i] = sim_host_free(sims[i]);
    }
}

static struct host *sim_begin(const struct contract_world *w)
{
    const struct sim_setup setup = {.page = w->page};
    struct err e = {""};

    if (sim_host_begin(sims[w->system], &setup, &e) != 0) {
        fail_msg("%s", e.text);
    }
    t.base = SIM_WINDOW;
    t.size = SIM_WINDOW_SIZE;
    t.system = w->system;
    return sim_host_host(sims[w->system]);
}

static int sim_special(uint8_t kind, bool readable, bool writable)
{
    const struct vm_file_spec spec = {.kind = kind, .readable = readable, .writable = writable};

    return sim_host_file(sim(), &spec);
}

static int sim_file(size_t len)
{
    const struct vm_file_spec spec = {
        .size = len, .readable = true, .writable = true, .fill = fill_pattern};

    return sim_host_file(sim(), &spec);
}

static int sim_again(int fd, bool writable)
{
    return vm_file_reopen(sim_host_vm(sim()), fd, true, writable);
}

static int sim_write_only_device(void)
{
    return sim_special(VM_FILE_DEV_OTHER, false, true);
}

static int sim_pipe_to_read(void)
{
    return sim_special(VM_FILE_PIPE_READ, true, false);
}

/* A machine's files stay open. */
static void sim_close_fd(int fd)
{
    (void)fd;
}

static bool sim_resident(uint64_t addr)
{
    uint8_t seen = 1;
    struct vm_reply reply;

    assert_int_equal(vm_mincore(sim_host_proc(sim()), addr, t.page, &seen, NULL, &reply), 0);
    assert_int_equal(reply.took.err, 0);
    return seen & 1;
}

#define SIM(label, os, kib, open_it) \
    { \
        .name = label, .system = os, .page = (kib)*1024, .open = open_it, .close = sim_close, \
        .begin = sim_begin, .file = sim_file, .again = sim_again, \
        .write_only_device = sim_write_only_device, .pipe_to_read = sim_pipe_to_read, \
        .close_fd = sim_close_fd, .resident = sim_resident, \
    }

const struct contract_world contract_worlds[CONTRACT_WORLDS] = {
    {
        .name = "real",
        .open = real_open,
        .close = real_close,
        .begin = real_begin,
        .file = real_file,
        .again = real_again,
        .write_only_device = real_write_only_device,
        .pipe_to_read = real_pipe_to_read,
        .close_fd = real_close_fd,
        .resident = real_resident,
    },
    SIM("sim-linux 4K", ABI_LINUX, 4, sim_open_linux),
    SIM("sim-linux 16K", ABI_LINUX, 16, sim_open_linux),
    SIM("sim-linux 64K", ABI_LINUX, 64, sim_open_linux),
    SIM("sim-freebsd 4K", ABI_FREEBSD, 4, sim_open_freebsd),
    SIM("sim-freebsd 16K", ABI_FREEBSD, 16, sim_open_freebsd),
    SIM("sim-freebsd 64K", ABI_FREEBSD, 64, sim_open_freebsd),
};
