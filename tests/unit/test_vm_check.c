/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_check: each thing that it looks at, broken and mended again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "vm_stub.h"

static void assert_finds(struct vm_bed *b, const char *part)
{
    const char *bad = vm_check(b->p);

    if (!bad || !strstr(bad, part)) {
        fail_msg("expected \"%s\", found \"%s\"", part, bad ? bad : "nothing");
    }
}

static void test_check_fires_on_trees(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    struct vm_node *root;
    struct vm_node *leaf;
    uint32_t n;

    for (unsigned i = 0; i < 100; i++) {
        vm_bed_map(b, b->p, 2 * i, 1, &anon);
    }
    vm_bed_sound(b);
    root = b->p->areas.root;
    leaf = root->child[0].node;
    root->child[1].gap++;
    assert_finds(b, "does not know");
    root->child[1].gap--;
    leaf->area[1].r.last -= 2 * b->page;
    assert_finds(b, "ends before it starts");
    leaf->area[1].r.last += 5 * b->page;
    assert_finds(b, "overlap");
    leaf->area[1].r.last -= 3 * b->page;
    leaf->next->prev = NULL;
    assert_finds(b, "chained");
    leaf->next->prev = leaf;
    b->p->areas.n++;
    assert_finds(b, "entries were miscounted");
    b->p->areas.n--;
    root->level++;
    assert_finds(b, "wrong level");
    root->level--;
    n = root->n;
    root->n = 0;
    assert_finds(b, "empty");
    root->n = n;
    n = leaf->n;
    leaf->n = 0;
    assert_finds(b, "empty");
    leaf->n = n;
    vm_bed_sound(b);
}

static void test_check_fires_on_books(void **state)
{
    struct vm_bed *b = *state;
    struct vm_area_attr anon = vm_bed_anon();
    struct vm_area *a;
    struct vm_slot *s;

    vm_bed_map(b, b->p, 0, 4, &anon);
    anon.object = vm_object_anon(b->vm);
    anon.shared = true;
    vm_bed_map(b, b->p, 8, 4, &anon);
    vm_object_put(anon.object);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 1), 1), 0);
    assert_int_equal(vm_bed_store(b->p, vm_bed_at(b, 8), 1), 0);
    vm_bed_sound(b);
    b->p->bytes++;
    assert_finds(b, "mapped bytes");
    b->p->bytes--;
    a = vm_area_find(b->p, vm_bed_at(b, 8));
    a->a.offset++;
    assert_finds(b, "an offset");
    a->a.offset--;
    a->a.object->refs++;
    assert_finds(b, "references of an object");
    a->a.object->refs--;
    a->a.object = NULL;
    assert_finds(b, "has no object");
    a->a.object = anon.object;
    a = vm_area_find(b->p, vm_bed_at(b, 0));
    a->r.last--;
    b->p->bytes--;
    assert_finds(b, "whole pages");
    a->r.last++;
    b->p->bytes++;
    a->a.kind = VM_AREA_GUARD;
    b->p->bytes -= 4 * b->page;
    assert_finds(b, "private page lies");
    a->a.kind = VM_AREA_MEMORY;
    b->p->bytes += 4 * b->page;
    s = vm_slot_of(b->p, vm_bed_at(b, 1));
    s->frame->refs++;
    assert_finds(b, "references of a frame");
    s->frame->refs--;
    b->vm->frames.live++;
    assert_finds(b, "leaked");
    b->vm->frames.live--;
    vm_bed_sound(b);
}

#define BED_TEST(name) cmocka_unit_test_setup_teardown(name, vm_bed_setup, vm_bed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BED_TEST(test_check_fires_on_trees),
        BED_TEST(test_check_fires_on_books),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
