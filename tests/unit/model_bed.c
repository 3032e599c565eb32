/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "op/text.h"

#define SPACE_64 (UINT64_C(1) << 42)
#define SPACE_32 (UINT64_C(1) << 32)
#define LINUX_MIN_ADDR UINT64_C(0x10000)

void bed_open(struct model_bed *b)
{
    memset(b, 0, sizeof(*b));
    b->prog = PROG_INIT;
    b->m = model_new();
    assert_non_null(b->m);
}

void bed_close(struct model_bed *b)
{
    b->m = model_free(b->m);
    prog_free(&b->prog);
    region_vec_free(&b->regions);
}

void bed_begin(struct model_bed *b, enum abi_system system)
{
    const uint64_t *config = b->prog.config.value;
    uint64_t size = config[CONFIG_BITS] == 64 ? SPACE_64 : SPACE_32;
    uint64_t last = (config[CONFIG_RESERVED] ? config[CONFIG_RESERVED] : size) - 1;

    b->setup = (struct model_setup){.system = system,
                                    .bits = (unsigned)config[CONFIG_BITS],
                                    .page = config[CONFIG_GUEST_PAGE],
                                    .last = last,
                                    .min_addr = system == ABI_LINUX ? LINUX_MIN_ADDR : 0,
                                    .known = {0, last}};
    b->how = (struct op_resolver){.system = system,
                                  .bits = b->setup.bits,
                                  .n_files = b->prog.files.n,
                                  .mremap = system == ABI_LINUX};
    b->depth = 0;
    op_results_clear(&b->results);
    assert_int_equal(model_begin(b->m, &b->prog, &b->setup), 0);
}

void bed_text(struct model_bed *b, enum abi_system system, const char *text)
{
    struct err e = {""};

    if (prog_parse(&b->prog, "text", text, strlen(text), &e) < 0) {
        fail_msg("%s", e.text);
    }
    bed_begin(b, system);
}

static bool control(struct model_bed *b, const struct op *op)
{
    switch ((enum op_kind)op->kind) {
    case OP_fork:
        b->waiting[b->depth++] = b->results;
        assert_int_equal(model_fork(b->m), 0);
        return true;
    case OP_wait:
        b->results = b->waiting[--b->depth];
        model_wait(b->m);
        return true;
    default:
        return op->kind == OP_host_fail;
    }
}

bool bed_args(struct model_bed *b, size_t at, struct op_args *args)
{
    const struct op *op = &b->prog.ops.v[at];

    if (control(b, op)) {
        return false;
    }
    if (!op_resolve(&b->how, op, &b->results, args)) {
        op_results_put(&b->results, op, false, 0);
        return false;
    }
    return true;
}

bool bed_step(struct model_bed *b, size_t at, const struct model_outcome *seen,
              struct model_verdict *ret)
{
    const struct op *op = &b->prog.ops.v[at];
    const struct model_outcome *result = &ret->took;
    struct op_args args;

    if (!bed_args(b, at, &args)) {
        return false;
    }
    assert_int_equal(model_step(b->m, op, &args, seen, ret), 0);
    if (seen && !ret->allowed) {
        result = seen;
    }
    op_results_put(&b->results, op, result->kind == MODEL_OK, result->value);
    return true;
}

static uint64_t digest(const uint8_t *p, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++) {
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

static void state_bytes(struct model_bed *b, struct range r, struct buf *out)
{
    struct vm_proc *p = model_proc(b->m);
    uint64_t at = r.start;

    while (vm_next_written(p, r, &at)) {
        const uint8_t *bytes = NULL;
        size_t len = 0;
        enum vm_bytes kind = vm_view(p, at, &bytes, &len);

        if (kind == VM_BYTES_KNOWN || kind == VM_BYTES_LAZY) {
            buf_fmt(out, "    0x%" PRIx64 " %s %016" PRIx64 "\n", at,
                    kind == VM_BYTES_LAZY ? "lazy" : "is", digest(bytes, len));
        } else {
            buf_fmt(out, "    0x%" PRIx64 " kind %d\n", at, kind);
        }
        if (r.last - at < b->setup.page) {
            break;
        }
        at += b->setup.page;
    }
}

void bed_state(struct model_bed *b, struct buf *out)
{
    const char *wrong = vm_check(model_proc(b->m));

    if (wrong) {
        fail_msg("the machine's own books: %s", wrong);
    }
    region_vec_clear(&b->regions);
    assert_int_equal(vm_regions(model_proc(b->m), (struct range){0, b->setup.last}, &b->regions),
                     0);
    region_normalise(&b->regions, REGION_MASK_ALL);
    for (size_t i = 0; i < b->regions.n; i++) {
        region_print(&b->regions.v[i], out);
        buf_str(out, "\n");
        state_bytes(b, b->regions.v[i].r, out);
    }
}
