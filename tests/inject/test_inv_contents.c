/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contents-preserved and sharing-kept: a short history of sound steps teaches the ledger, then one
 * step is looked at sound, and broken in one byte.
 */
#include "inv_steps.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define LINUX_FILE (LINUX_MAP_PRIVATE | LINUX_MAP_FIXED)
#define LINUX_SHARED (LINUX_MAP_SHARED | LINUX_MAP_FIXED)

static void put(struct world *w, uint64_t at, uint64_t len, uint8_t value)
{
    memset(world_at(w, at), value, len);
}

static void show_file(struct world *w, uint64_t at, uint64_t len, uint64_t offset)
{
    memcpy(world_at(w, at), w->file + offset, len);
}

static void eq(struct world *w)
{
    world_init(w, 0x1000, 0x1000, 0x1000, true);
    world_contents(w);
}

static void gt(struct world *w)
{
    world_init(w, 0x1000, 0x4000, 0x4000, true);
    world_contents(w);
}

static void map_anon(struct world *w, uint64_t at, uint64_t len, const char *before,
                     const char *after)
{
    WORLD_OP(w, OP_mmap, at, at, len, RW, LINUX_FIXED, NONE, 0);
    world_flags(w, before, after);
    world_call(w, CALL_MAP, at, len, RW, ANON_MAP);
    world_tb(w, at, at + len - 1);
}

static void map_file(struct world *w, uint64_t at, uint64_t len, uint32_t flags, const char *before,
                     const char *after)
{
    WORLD_OP(w, OP_mmap, at, at, len, RW, flags, 0, 0);
    world_flags(w, before, after);
    world_tb(w, at, at + len - 1);
}

static void store(struct world *w, uint64_t at, uint64_t len, uint8_t value, const char *flags)
{
    WORLD_OP(w, OP_store, 0, at, len, value);
    world_flags(w, flags, flags);
    put(w, at, len, value);
}

static void load(struct world *w, uint64_t at, uint64_t len, uint8_t value, const char *flags)
{
    WORLD_OP(w, OP_load, value, at, len);
    world_flags(w, flags, flags);
}

static void step_done(struct world *w)
{
    check_world_holds(w, "history");
}

/* ---- histories ---- */

/* fresh anonymous memory */
static void fresh(struct world *w)
{
    eq(w);
    map_anon(w, 0x10000, 0x4000, "....w", "wwwww");
}

/* stored to, then mapped over */
static void fresh_over_stored(struct world *w)
{
    fresh(w);
    step_done(w);
    store(w, 0x12345, 3, 0x55, "wwwww");
    step_done(w);
    put(w, 0x12345, 3, 0);
    map_anon(w, 0x12000, 0x1000, "wwwww", "wwwww");
}

/* a neighbour in the same host page was stored to; then the second guest page is mapped anew */
static void fragment(struct world *w)
{
    gt(w);
    map_anon(w, 0x10000, 0x4000, "....", "wwww");
    step_done(w);
    store(w, 0x12800, 0x100, 0x77, "wwww");
    step_done(w);
    map_anon(w, 0x11000, 0x1000, "wwww", "wwww");
    w->step.calls.n = 0;
    world_call(w, CALL_WRITE, 0x11000, 0x1000, 0, 0);
}

/* a private file map of 0x2100 bytes in three pages of 4K: the third page lies past EOF */
static void file_private(struct world *w)
{
    eq(w);
    w->files[0].size = 0x1100;
    map_file(w, 0x10000, 0x3000, LINUX_FILE, "...", "PPP");
    show_file(w, 0x10000, 0x1100, 0);
    w->unreadable = 0x12000;
}

/* stored bytes, then an mprotect elsewhere */
static void kept(struct world *w)
{
    fresh(w);
    step_done(w);
    store(w, 0x11000, 64, 0xab, "wwwww");
    step_done(w);
    WORLD_OP(w, OP_mprotect, 0, 0x13000, 0x1000, 1);
    world_flags(w, "wwwww", "wwwrw");
    world_tb(w, 0x13000, 0x13fff);
}

/* stored bytes travel with mremap, the new page is fresh */
static void moved(struct world *w)
{
    fresh(w);
    step_done(w);
    store(w, 0x11000, 64, 0xab, "wwwww");
    step_done(w);
    WORLD_OP(w, OP_mremap, 0x18000, 0x10000, 0x2000, 0x3000, ABI_MREMAP_MAYMOVE, 0);
    world_flags(w, "wwwww", "..www...www");
    world_tb(w, 0x10000, 0x11fff);
    world_tb(w, 0x18000, 0x1afff);
    put(w, 0x19000, 64, 0xab);
}

static void loaded(struct world *w)
{
    fresh(w);
    step_done(w);
    store(w, 0x11000, 64, 0xab, "wwwww");
    step_done(w);
    load(w, 0x11010, 16, 0xab, "wwwww");
}

static void load_of_a_hole(struct world *w)
{
    fresh(w);
    step_done(w);
    load(w, 0x13ff0, 32, 0, "wwww.");
    w->step.outcome = (struct outcome){.kind = OUTCOME_SIGNAL, .signal = SIGSEGV};
}

static void dontneed(struct world *w)
{
    kept(w);
    step_done(w);
    WORLD_OP(w, OP_madvise, 0, 0x11000, 0x1000, LINUX_MADV_DONTNEED);
    world_flags(w, "wwwrw", "wwwrw");
    put(w, 0x11000, 64, 0);
}

/* an munmap that the host refused: the bytes are still there */
static void refused(struct world *w)
{
    kept(w);
    step_done(w);
    WORLD_OP(w, OP_munmap, 0, 0x11000, 0x1000);
    world_fails(w, ABI_ENOMEM);
    world_flags(w, "wwwrw", "wwwrw");
    world_call(w, CALL_MAP, 0x11000, 0x1000, 0, ANON_MAP)->err = ENOMEM;
}

/* the child is gone; the parent's private bytes are its own */
static void waited(struct world *w)
{
    kept(w);
    step_done(w);
    world_op(w, OP_wait, 0, 0, NULL);
    world_flags(w, "wwwrw", "wwwrw");
}

/* f0 mapped shared at two places, stored to through the first */
static void shared_twice(struct world *w)
{
    eq(w);
    map_file(w, 0x10000, 0x2000, LINUX_SHARED, "....", "SS..");
    show_file(w, 0x10000, 0x2000, 0);
    step_done(w);
    map_file(w, 0x12000, 0x2000, LINUX_SHARED, "SS..", "SSSS");
    show_file(w, 0x12000, 0x2000, 0);
    step_done(w);
    store(w, 0x11000, 0x40, 0x99, "SSSS");
    put(w, 0x13000, 0x40, 0x99);
    memset(w->file + 0x1000, 0x99, 0x40);
}

static void shared_anon_twice(struct world *w)
{
    eq(w);
    map_anon(w, 0x10000, 0x2000, "....", "AA..");
    w->step.args.arg[3] = LINUX_MAP_SHARED | LINUX_MAP_ANONYMOUS | LINUX_MAP_FIXED;
    step_done(w);
    WORLD_OP(w, OP_mremap, 0x12000, 0x10000, 0, 0x2000, ABI_MREMAP_MAYMOVE, 0);
    world_flags(w, "AA..", "AAAA");
    world_tb(w, 0x12000, 0x13fff);
    step_done(w);
    store(w, 0x11000, 0x40, 0x99, "AAAA");
    put(w, 0x13000, 0x40, 0x99);
}

static void private_store(struct world *w)
{
    eq(w);
    map_file(w, 0x10000, 0x2000, LINUX_FILE, "..", "PP");
    show_file(w, 0x10000, 0x2000, 0);
    step_done(w);
    store(w, 0x11000, 0x40, 0x99, "PP");
}

/* the slack of a shared map lies in the host page that is filled */
static void fill_beside_file(struct world *w)
{
    gt(w);
    map_file(w, 0x10000, 0x1000, LINUX_SHARED, "....", "S...");
    show_file(w, 0x10000, 0x4000, 0);
    step_done(w);
    map_anon(w, 0x12000, 0x1000, "S...", "S.w.");
    w->step.calls.n = 0;
    put(w, 0x12000, 0x1000, 0);
}

/* ---- breaking them ---- */

static void first_byte(struct world *w)
{
    *world_at(w, 0x10000) = 1;
}
static void last_byte(struct world *w)
{
    *world_at(w, 0x13fff) = 1;
}
static void old_store_shows(struct world *w)
{
    put(w, 0x12345, 3, 0x55);
}
static void neighbour_wiped(struct world *w)
{
    put(w, 0x12800, 0x100, 0);
}
static void neighbour_far_byte(struct world *w)
{
    *world_at(w, 0x10fff) = 1;
}
static void fragment_not_zeroed(struct world *w)
{
    *world_at(w, 0x11800) = 9;
}
static void file_byte_wrong(struct world *w)
{
    *world_at(w, 0x10200) ^= 1;
}
static void tail_not_zero(struct world *w)
{
    *world_at(w, 0x11100) = 7;
}
static void page_gone(struct world *w)
{
    w->unreadable = 0x11000;
}
static void stored_byte_lost(struct world *w)
{
    put(w, 0x11000, 64, 0);
}
static void moved_byte_lost(struct world *w)
{
    put(w, 0x19000, 1, 0);
}
static void grown_not_fresh(struct world *w)
{
    put(w, 0x1a000, 1, 3);
}
static void other_byte_seen(struct world *w)
{
    w->step.outcome.value = 0xac;
}
static void unequal_first_seen(struct world *w)
{
    w->step.outcome.value = 0xac;
    w->step.outcome.mixed = true;
}
static void load_of_a_page(struct world *w)
{
    world_flags(w, "wwwww", "wwwww");
    w->step.args.arg[1] = 16;
}
static void dontneed_keeps(struct world *w)
{
    put(w, 0x11000, 64, 0xab);
}
static void file_not_reached(struct world *w)
{
    w->file[0x103f] = 0x98;
}
static void alias_not_reached(struct world *w)
{
    *world_at(w, 0x13000) = 0x98;
}
static void file_reached(struct world *w)
{
    w->file[0x1000] = 0x99;
}
static void file_filled(struct world *w)
{
    world_call(w, CALL_WRITE, 0x12000, 0x1000, 0, 0);
    memset(w->file + 0x2000, 0, 0x1000);
}

static const struct inv_case cases[] = {
    {"a fresh page is not zero", INV_CONTENTS_PRESERVED, fresh, first_byte},
    {"a fresh mapping's last byte", INV_CONTENTS_PRESERVED, fresh, last_byte},
    {"an old store shows through", INV_CONTENTS_PRESERVED, fresh_over_stored, old_store_shows},
    {"a fragment wipes its neighbour", INV_CONTENTS_PRESERVED, fragment, neighbour_wiped},
    {"a fragment reaches one byte too far", INV_CONTENTS_PRESERVED, fragment, neighbour_far_byte},
    {"a fragment is not zeroed", INV_CONTENTS_PRESERVED, fragment, fragment_not_zeroed},
    {"not the file's byte", INV_CONTENTS_PRESERVED, file_private, file_byte_wrong},
    {"not zero behind EOF", INV_CONTENTS_PRESERVED, file_private, tail_not_zero},
    {"a page before EOF cannot be read", INV_CONTENTS_PRESERVED, file_private, page_gone},
    {"a stored byte is lost", INV_CONTENTS_PRESERVED, kept, stored_byte_lost},
    {"a move loses a byte", INV_CONTENTS_PRESERVED, moved, moved_byte_lost},
    {"a grown page is not fresh", INV_CONTENTS_PRESERVED, moved, grown_not_fresh},
    {"a load sees another byte", INV_CONTENTS_PRESERVED, loaded, other_byte_seen},
    {"a load begins with another byte", INV_CONTENTS_PRESERVED, loaded, unequal_first_seen},
    {"a load faults on a readable page", INV_CONTENTS_PRESERVED, load_of_a_hole, load_of_a_page},
    {"dropped memory keeps its bytes", INV_CONTENTS_PRESERVED, dontneed, dontneed_keeps},
    {"a refused munmap loses bytes", INV_CONTENTS_PRESERVED, refused, stored_byte_lost},
    {"a child writes its parent's memory", INV_CONTENTS_PRESERVED, waited, stored_byte_lost},
    {"a shared store misses the file", INV_SHARING_KEPT, shared_twice, file_not_reached},
    {"a shared store misses the other map", INV_SHARING_KEPT, shared_twice, alias_not_reached},
    {"a shared anonymous store misses the other map", INV_SHARING_KEPT, shared_anon_twice,
     alias_not_reached},
    {"a private store reaches the file", INV_SHARING_KEPT, private_store, file_reached},
    {"a fill reaches a neighbour's file", INV_SHARING_KEPT, fill_beside_file, file_filled},
};

/* ---- what must not be said ---- */

/* A private page may follow its file or not: after a shared store nothing is known of it. */
static void test_private_page_may_follow_its_file(void **state)
{
    struct world w;

    (void)state;
    eq(&w);
    map_file(&w, 0x10000, 0x1000, LINUX_FILE, "..", "P.");
    show_file(&w, 0x10000, 0x1000, 0);
    step_done(&w);
    map_file(&w, 0x11000, 0x1000, LINUX_SHARED, "P.", "PS");
    show_file(&w, 0x11000, 0x1000, 0);
    step_done(&w);
    store(&w, 0x11000, 16, 0x44, "PS");
    memset(w.file, 0x44, 16);
    step_done(&w);
    load(&w, 0x10000, 16, 0x44, "PS");
    put(&w, 0x10000, 16, 0x44);
    check_world_holds(&w, "the private page follows");
    load(&w, 0x10000, 16, 1, "PS");
    show_file(&w, 0x10000, 0x1000, 0x0);
    put(&w, 0x10000, 16, 1);
    check_world_holds(&w, "the private page does not follow");
    world_free(&w);
}

/* A store that faulted half way leaves its range unknown. */
static void test_faulted_store_is_unknown(void **state)
{
    struct world w;

    (void)state;
    fresh(&w);
    step_done(&w);
    store(&w, 0x13ff0, 0x20, 0x66, "wwww.");
    w.step.outcome = (struct outcome){.kind = OUTCOME_SIGNAL, .signal = SIGSEGV};
    step_done(&w);
    load(&w, 0x13ff0, 16, 0, "wwww.");
    put(&w, 0x13ff0, 16, 0);
    check_world_holds(&w, "nothing was stored");
    world_free(&w);
}

/*
 * limit:slack-visible: a store beside a shared map may change its file, which then is not its
 * pattern.
 */
static void test_slack_store_taints_the_file(void **state)
{
    struct world w;

    (void)state;
    gt(&w);
    map_file(&w, 0x10000, 0x1000, LINUX_SHARED, "....", "S...");
    show_file(&w, 0x10000, 0x1000, 0);
    step_done(&w);
    store(&w, 0x11000, 16, 0x21, "S...");
    memset(w.file + 0x1000, 0x21, 16);
    step_done(&w);
    map_file(&w, 0x14000, 0x2000, LINUX_FILE, "S...", "S...PP");
    show_file(&w, 0x14000, 0x2000, 0);
    check_world_holds(&w, "the file as it is now");
    world_free(&w);
}

/* After the parent's child is gone, shared memory may hold anything. */
static void test_child_may_have_written_shared_memory(void **state)
{
    struct world w;

    (void)state;
    shared_anon_twice(&w);
    step_done(&w);
    world_op(&w, OP_wait, 0, 0, NULL);
    world_flags(&w, "AAAA", "AAAA");
    put(&w, 0x11000, 0x40, 0x12);
    put(&w, 0x13000, 0x40, 0x12);
    check_world_holds(&w, "the child stored");
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest plain[] = {
        cmocka_unit_test(test_private_page_may_follow_its_file),
        cmocka_unit_test(test_faulted_store_is_unknown),
        cmocka_unit_test(test_slack_store_taints_the_file),
        cmocka_unit_test(test_child_may_have_written_shared_memory),
    };
    struct CMUnitTest tests[ARRAY_LEN(cases) + ARRAY_LEN(plain)];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tests[i] = (struct CMUnitTest){.name = cases[i].name,
                                       .test_func = world_run_case,
                                       .initial_state = (void *)(uintptr_t)&cases[i]};
    }
    memcpy(&tests[ARRAY_LEN(cases)], plain, sizeof(plain));
    return cmocka_run_group_tests_name("inv_contents", tests, NULL, NULL);
}
