/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every rule of the Linux personality, once at least: the row's steps answer as stated and the rule
 * was counted. Rules that have no row here must be unreached.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "vm_linux_rows.h"

static const struct vm_linux_table *const tables[] = {&vm_linux_mmap_rows, &vm_linux_range_rows,
                                                      &vm_linux_mremap_rows};

struct run {
    struct vm *vm;
    struct vm_proc *p;
    const struct vm_linux_row *row;
    size_t at; /* step */
};

static void fill(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    (void)arg;
    (void)index;
    memset(buf, (int)(0x10 + offset / P), len);
}

static void open_files(struct vm *vm)
{
    struct vm_file_spec file = {
        .size = 3 * P + 0x100, .readable = true, .writable = true, .fill = fill};
    struct vm_file_spec other = file;

    assert_int_equal(vm_file_open(vm, &file), FD_RW);
    assert_int_equal(vm_file_reopen(vm, FD_RW, true, false), FD_RO);
    assert_int_equal(vm_file_reopen(vm, FD_RW, false, true), FD_WO);
    other.kind = VM_FILE_DIRECTORY;
    assert_int_equal(vm_file_open(vm, &other), FD_DIR);
    other.kind = VM_FILE_DEV_ZERO;
    other.fill = NULL;
    assert_int_equal(vm_file_open(vm, &other), FD_ZERO);
    other = file;
    other.noexec = true;
    assert_int_equal(vm_file_open(vm, &other), FD_NOEXEC);
    other = file;
    other.append_only = true;
    assert_int_equal(vm_file_open(vm, &other), FD_APPEND);
}

static void begin(struct run *run, const struct vm_linux_row *row)
{
    struct vm_params params = vm_params_default(ABI_LINUX, P);

    params.privileged = row->privileged;
    params.exec_only = row->exec_only;
    params.merge = row->merge;
    params.may_refuse = row->may_refuse;
    params.release = row->release;
    params.areas_max = row->areas_max;
    params.bytes_max = row->bytes_max;
    params.commit_max = row->commit_max;
    if (row->bits == 32) {
        params.bits = 32;
        params.last = UINT32_MAX;
        params.place = 0xf7ffefff;
    }
    if (row->window) {
        params.known = (struct range){A, WINDOW_LAST};
    }
    if (row->low_place) {
        params.place = A + 0x10 * P - 1;
    }
    run->row = row;
    run->p = vm_begin(run->vm, &params);
    assert_non_null(run->p);
    open_files(run->vm);
}

static int call(struct run *run, const struct step *s, const struct vm_answer *seen,
                struct vm_reply *ret)
{
    const uint64_t *g = s->arg;
    uint8_t vec[64];

    switch (s->op) {
    case STEP_MMAP:
        return vm_mmap(run->p,
                       &(struct vm_mmap_args){.addr = g[0],
                                              .len = g[1],
                                              .prot = g[2],
                                              .flags = (uint32_t)g[3],
                                              .fd = (int)g[4],
                                              .offset = g[5]},
                       seen, ret);
    case STEP_MUNMAP:
        return vm_munmap(run->p, g[0], g[1], seen, ret);
    case STEP_MPROTECT:
        return vm_mprotect(run->p, g[0], g[1], g[2], seen, ret);
    case STEP_MREMAP:
        return vm_mremap(run->p,
                         &(struct vm_mremap_args){.old_addr = g[0],
                                                  .old_len = g[1],
                                                  .new_len = g[2],
                                                  .flags = (uint32_t)g[3],
                                                  .new_addr = g[4]},
                         seen, ret);
    case STEP_MSYNC:
        return vm_msync(run->p, g[0], g[1], (uint32_t)g[2], seen, ret);
    case STEP_MADVISE:
        return vm_madvise(run->p, g[0], g[1], (uint32_t)g[2], seen, ret);
    default:
        return vm_mincore(run->p, g[0], g[1], g[2] ? vec : NULL, seen, ret);
    }
}

/* A call: its answer, or that the answer is allowed and a made-up one is not. */
static void check_call(struct run *run, const struct step *s)
{
    struct vm_answer want = {.err = s->err, .value = s->value};
    struct vm_answer absurd = {.err = ABI_EDEADLK};
    struct vm_reply ret;

    assert_int_equal(call(run, s, &absurd, &ret), 0);
    assert_false(ret.allowed);
    assert_int_equal(call(run, s, s->may ? &want : NULL, &ret), 0);
    if (!ret.allowed || ret.took.err != want.err || ret.took.value != want.value) {
        fail_msg("%s, step %zu: %s errno %d value %#llx by %s", vm_rules[run->row->rule].name,
                 run->at, ret.allowed ? "took" : "would take", ret.took.err,
                 (unsigned long long)ret.took.value, vm_rules[ret.rule].name);
    }
}

static void check_access(struct run *run, const struct step *s)
{
    struct vm_fault fault = {0};
    uint8_t byte = (uint8_t)s->arg[1];
    int rc = s->op == STEP_STORE ? vm_store(run->p, s->arg[0], &byte, 1, &fault)
                                 : vm_load(run->p, s->arg[0], &byte, 1, &fault);

    if (fault.signal != -s->err || (s->err == 0 && rc != 0) ||
        (s->op == STEP_LOAD && s->err == 0 && byte != s->value)) {
        fail_msg("%s, step %zu: signal %d byte %#x", vm_rules[run->row->rule].name, run->at,
                 fault.signal, byte);
    }
}

static void check_mapped(struct run *run, const struct step *s)
{
    const struct vm_area *a = vm_area_find(run->p, s->arg[0]);
    uint64_t prot = a ? a->a.prot : NOWHERE;

    if (prot != s->value) {
        fail_msg("%s, step %zu: rights %#llx", vm_rules[run->row->rule].name, run->at,
                 (unsigned long long)prot);
    }
}

static void check_step(struct run *run, const struct step *s)
{
    uint8_t byte = (uint8_t)s->arg[1];

    switch (s->op) {
    case STEP_STORE:
    case STEP_LOAD:
        check_access(run, s);
        break;
    case STEP_WRITE:
        assert_int_equal(vm_file_write(run->vm, FD_RW, &byte, 1, s->arg[0]), 1);
        break;
    case STEP_MAPPED:
        check_mapped(run, s);
        break;
    case STEP_FORK:
        assert_int_equal(vm_fork(run->p, &run->p), 0);
        break;
    default:
        check_call(run, s);
        break;
    }
    assert_null(vm_check(run->p));
}

static void run_row(struct run *run, const struct vm_linux_row *row)
{
    uint64_t before = vm_rule_hits(run->vm)[row->rule];

    begin(run, row);
    for (run->at = 0; run->at < ARRAY_LEN(row->step) && row->step[run->at].op; run->at++) {
        check_step(run, &row->step[run->at]);
    }
    assert_true(run->at > 0);
    if (vm_rule_hits(run->vm)[row->rule] == before) {
        fail_msg("%s was not counted", vm_rules[row->rule].name);
    }
}

static void test_rows(void **state)
{
    struct run run = {.vm = vm_new()};

    (void)state;
    assert_non_null(run.vm);
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t]->n; i++) {
            run_row(&run, &tables[t]->row[i]);
        }
    }
    vm_free(run.vm);
}

static bool has_row(enum vm_rule rule)
{
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t]->n; i++) {
            if (tables[t]->row[i].rule == rule) {
                return true;
            }
        }
    }
    return false;
}

static void test_every_rule_has_a_row(void **state)
{
    unsigned missing = 0;

    (void)state;
    for (unsigned i = 0; i < VM_RULE_COUNT; i++) {
        if (strncmp(vm_rules[i].name, "LINUX_", 6) == 0 && !vm_rules[i].unreached &&
            !has_row((enum vm_rule)i)) {
            print_message("# no row for %s\n", vm_rules[i].name);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_rule_has_a_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
