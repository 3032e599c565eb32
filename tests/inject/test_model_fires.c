/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks against the guest's kernel fire: layers that are wrong in one thing which their own
 * books do not tell. The rest of each is the Linux flavour's.
 */
#include "unit/runner_util.h"

#include <errno.h>

/* A layer's start tells where its guest's memory is; one at a time. */
static uint64_t guest_base;

static int noting_start(struct layer *l, const struct layer_setup *setup)
{
    guest_base = setup->guest_base;
    return layer_linux.start(l, setup);
}

static struct layer_ops altered(void)
{
    struct layer_ops ops = layer_linux;

    ops.start = noting_start;
    return ops;
}

/* Behind the back of everybody: the window is this process's memory. */
static void poke_guest(uint64_t at, uint8_t value)
{
    *(volatile uint8_t *)(uintptr_t)(guest_base + at) = value;
}

/* ---- outcomes ---- */

static int confused_mprotect(struct layer *l, uint64_t start, uint64_t len, int prot)
{
    int rc = layer_linux.mprotect(l, start, len, prot);

    if (rc < 0 && errno == ENOMEM) {
        errno = EINVAL;
    }
    return rc;
}

static int refusing_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    (void)l;
    (void)start;
    (void)len;
    errno = EINVAL;
    return -1;
}

static int idle_madvise(struct layer *l, uint64_t start, uint64_t len, uint32_t advice)
{
    (void)l;
    (void)start;
    (void)len;
    (void)advice;
    return 0;
}

/* ---- mappings ---- */

static uint64_t shifting_mmap(struct layer *l, uint64_t start, uint64_t len, int prot,
                              uint32_t flags, int fd, uint64_t offset)
{
    return layer_linux.mmap(l, start, len, prot, flags, fd,
                            flags & LINUX_MAP_ANONYMOUS ? offset : offset + 0x1000);
}

/* ---- bytes ---- */

static int careless_munmap(struct layer *l, uint64_t start, uint64_t len)
{
    int rc = layer_linux.munmap(l, start, len);

    poke_guest(start + len, 0x77);
    return rc;
}

static uint64_t losing_mremap(struct layer *l, uint64_t old_addr, uint64_t old_len,
                              uint64_t new_len, uint32_t flags, uint64_t new_addr)
{
    uint64_t at = layer_linux.mremap(l, old_addr, old_len, new_len, flags, new_addr);

    poke_guest(at + old_len - 1, 0);
    return at;
}

/* What is asked to be shared is private, and the other way round; the books say as asked. */
static uint64_t swapping_mmap(struct layer *l, uint64_t start, uint64_t len, int prot,
                              uint32_t flags, int fd, uint64_t offset)
{
    return layer_linux.mmap(l, start, len, prot, flags ^ (LINUX_MAP_SHARED | LINUX_MAP_PRIVATE), fd,
                            offset);
}

struct swapped {
    int (*emit)(void *arg, const struct layer_run *run);
    void *arg;
};

static int emit_swapped(void *arg, const struct layer_run *run)
{
    struct swapped *s = arg;
    struct layer_run as_asked = *run;

    as_asked.shared = !run->shared;
    return s->emit(s->arg, &as_asked);
}

static int swapping_dump(struct layer *l, int (*emit)(void *arg, const struct layer_run *run),
                         void *arg)
{
    struct swapped s = {emit, arg};

    return layer_linux.page_dump(l, emit_swapped, &s);
}

static void finds(const struct layer_ops *ops, bool maps, const char *text, enum inv_id id,
                  const char *says)
{
    struct bench b;

    bench_open(&b, "linux", ops);
    b.options.maps = maps ? MAP_CHECK_OP : MAP_CHECK_NONE;
    check_finds(&b, text, id, says);
    bench_close(&b);
    /* What is found is the model's to find. */
    bench_open(&b, "linux", ops);
    b.options.maps = maps ? MAP_CHECK_OP : MAP_CHECK_NONE;
    b.options.model = false;
    b.options.contents = false;
    check_pass(&b, text);
    bench_close(&b);
}

#define MAP \
    "mmap(@0x20000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"

static void test_outcomes(void **state)
{
    struct layer_ops ops = altered();

    (void)state;
    ops.mprotect = confused_mprotect;
    finds(&ops, true, MAP "mprotect(@0x22000, 0x4000, PROT_READ)\n", INV_MODEL_OUTCOME,
          "allows = -1 ENOMEM");
    ops = altered();
    ops.munmap = refusing_munmap;
    finds(&ops, true, MAP "munmap(@0x20000, 0x1000)\n", INV_MODEL_OUTCOME, "allows = 0");
    ops = altered();
    ops.madvise = idle_madvise;
    finds(&ops, true,
          "file f0 size=4096\n"
          "mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0)\n"
          "madvise(@0x20000, 0x1000, MADV_FREE)\n",
          INV_MODEL_OUTCOME, "allows = -1 EINVAL");
}

static void test_a_file_at_a_wrong_offset(void **state)
{
    struct layer_ops ops = altered();

    (void)state;
    ops.mmap = shifting_mmap;
    finds(&ops, true,
          "file f0 size=65536\n"
          "mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0)\n",
          INV_MODEL_MAPPINGS, "another offset");
}

static void test_lost_bytes(void **state)
{
    struct layer_ops ops = altered();

    (void)state;
    ops.munmap = careless_munmap;
    finds(&ops, true, MAP "store(@0x21000, 1, 0x11)\nmunmap(@0x20000, 0x1000)\n",
          INV_MODEL_CONTENTS, "must be 0x11");
    ops = altered();
    ops.mremap = losing_mremap;
    finds(&ops, true,
          MAP "store(@0x23fff, 1, 0x11)\nmremap(@0x20000, 0x4000, 0x5000, MREMAP_MAYMOVE)\n",
          INV_MODEL_CONTENTS, "must be 0x11");
    ops = altered();
    ops.madvise = idle_madvise;
    finds(&ops, true, MAP "store(@0x21000, 1, 0x11)\nmadvise(@0x20000, 0x4000, MADV_DONTNEED)\n",
          INV_MODEL_CONTENTS, "must be 0x00");
}

static void test_sharing(void **state)
{
    struct layer_ops ops = altered();

    (void)state;
    ops.mmap = swapping_mmap;
    ops.page_dump = swapping_dump;
    finds(
        &ops, false,
        "mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)\n"
        "fork()\nstore(@0x20000, 1, 0x11)\nwait()\n",
        INV_MODEL_CONTENTS, "must be 0x11");
    finds(&ops, false, MAP "store(@0x20000, 1, 0x22)\nfork()\nstore(@0x20000, 1, 0x11)\nwait()\n",
          INV_MODEL_CONTENTS, "must be 0x22");
    finds(&ops, false,
          "file f0 size=4096\n"
          "mmap(@0x20000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0)\n"
          "mmap(@0x30000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0)\n"
          "store(@0x20000, 1, 0xee)\nload(@0x30000, 1)\n",
          INV_MODEL_CONTENTS, "must be 0xee");
}

static void test_a_child_is_held_to_it_too(void **state)
{
    struct layer_ops ops = altered();

    (void)state;
    ops.munmap = refusing_munmap;
    finds(&ops, true, MAP "fork()\nmunmap(@0x20000, 0x1000)\nwait()\n", INV_MODEL_OUTCOME,
          "allows = 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_a_file_at_a_wrong_offset),
        cmocka_unit_test(test_lost_bytes),
        cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_a_child_is_held_to_it_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
