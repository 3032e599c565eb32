/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of the public calls: the lines of each call, the page flags after a change, errno and
 * silence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "fake_host.h"
#include "flavour/flavour.h"

#define BASE UINT64_C(0x7000000000)

static struct fake_host fake;
static struct buf lines;
static struct layer *layer;

static void on_line(void *arg, const char *line)
{
    (void)arg;
    buf_fmt(&lines, "%s\n", line);
    errno = 99;
}

static void open_layer(const struct layer_ops *ops, bool logging)
{
    struct layer_setup setup = {
        .size = sizeof(setup),
        .bits = 32,
        .guest_page = 0x1000,
        .host_page = 0x1000,
        .real_page = 0x1000,
        .guest_base = BASE,
        .window_last = 0xffffff,
        .host = &fake.host,
        .log = logging ? on_line : NULL,
    };

    fake_host_init(&fake, 0x1000);
    layer = ops->create();
    assert_non_null(layer);
    assert_int_equal(ops->start(layer, &setup), 0);
}

static void close_layer(const struct layer_ops *ops)
{
    ops->destroy(layer);
    fake_host_free(&fake);
    buf_free(&lines);
}

/* What was logged since the last look. */
static void expect(const char *text)
{
    assert_string_equal(buf_text(&lines), text);
    buf_clear(&lines);
}

#define HEAD "start           -last             size             prot\n"

static void linux_lines(void **state)
{
    const struct layer_ops *ops = &layer_linux;

    (void)state;
    open_layer(ops, true);
    ops->mmap(layer, 0x20000, 0x2000, 3, 0x4032, -1, 0);
    expect(
        "mmap(0x20000, 0x2000, rw-, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0x0)\n"
        "mmap = 0x20000\n" HEAD "0000000000020000-0000000000021fff 0000000000002000 rw-\n");
    ops->mprotect(layer, 0x21000, 0x1000, 1);
    expect("mprotect(0x21000, 0x1000, r--)\n"
           "mprotect = 0x0\n" HEAD "0000000000020000-0000000000020fff 0000000000001000 rw-\n"
           "0000000000021000-0000000000021fff 0000000000001000 r--\n");
    ops->msync(layer, 0x20000, 0x1000, 4);
    expect("msync(0x20000, 0x1000, 0x4)\nmsync = 0x0\n");
    ops->madvise(layer, 0x20000, 0x1000, 3);
    expect("madvise(0x20000, 0x1000, 0x3)\nmadvise = 0x0\n");
    ops->mremap(layer, 0x20000, 0x2000, 0x1000, 0, 0);
    expect("mremap(0x20000, 0x2000, 0x1000, 0x0, 0x0)\n"
           "mremap = 0x20000\n" HEAD "0000000000020000-0000000000020fff 0000000000001000 rw-\n");
    ops->munmap(layer, 0x20000, 0x1000);
    expect("munmap(0x20000, 0x1000)\nmunmap = 0x0\n" HEAD);
    close_layer(ops);
}

static void a_failure_shows_its_errno_and_leaves_it(void **state)
{
    const struct layer_ops *ops = &layer_linux;

    (void)state;
    open_layer(ops, true);
    errno = 0;
    assert_int_equal(ops->mprotect(layer, 0x21000, 0x1000, 0x11), -1);
    assert_int_equal(errno, EINVAL);
    expect("mprotect(0x21000, 0x1000, r--|0x10)\nmprotect = -1 errno 22 EINVAL\n");
    close_layer(ops);
}

static void bsd_names_its_own_flags(void **state)
{
    const struct layer_ops *ops = &layer_bsd;

    (void)state;
    open_layer(ops, true);
    ops->mmap(layer, 0, 0x1000, 0, 0x10002000, -1, 0);
    assert_non_null(strstr(buf_text(&lines), ", ---, MAP_GUARD|MAP_ALIGNED(16), -1, 0x0)\n"));
    buf_clear(&lines);
    ops->mmap(layer, 0x20000, 0, 0, 0x100, -1, 0);
    expect("mmap(0x20000, 0x0, ---, 0x100, -1, 0x0)\nmmap = -1 errno 22 EINVAL\n");
    close_layer(ops);
}

static void off_is_silent(void **state)
{
    const struct layer_ops *ops = &layer_linux;

    (void)state;
    open_layer(ops, false);
    assert_int_equal(ops->mmap(layer, 0x20000, 0x2000, 3, 0x32, -1, 0), 0x20000);
    expect("");
    close_layer(ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linux_lines),
        cmocka_unit_test(a_failure_shows_its_errno_and_leaves_it),
        cmocka_unit_test(bsd_names_its_own_flags),
        cmocka_unit_test(off_is_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
