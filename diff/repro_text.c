/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reproducer as a program: the canonical text with recorded outcomes behind its ops. */
#include <errno.h>

#include "op/text.h"
#include "repro_steps.h"

int repro_text(const struct repro *r, struct buf *out)
{
    struct repro_steps steps;
    int rc = repro_steps_make(&steps, r);

    if (rc < 0) {
        return rc;
    }
    repro_comment(r->title, "# ", out);
    prog_print_head(r->prog, out);
    for (size_t i = 0; i < r->prog->ops.n; i++) {
        const struct op *op = &r->prog->ops.v[i];
        const struct repro_step *s = &steps.v[i];

        op_print(op, out);
        expect_print(&s->expect, (enum op_kind)op->kind, out);
        if (s->left_out) {
            buf_fmt(out, " # not run: %s", s->left_out);
        } else if (s->contradicted) {
            buf_str(out, " # the record has");
            repro_print_seen(r->record, op, s, out);
        } else if (s->silent) {
            buf_fmt(out, " # nothing expected: %s", s->silent);
        }
        buf_u8(out, '\n');
    }
    repro_steps_free(&steps);
    return buf_failed(out) ? -ENOMEM : 0;
}

size_t repro_contradiction(const struct repro *r)
{
    struct repro_steps steps;
    size_t i = 0;

    if (repro_steps_make(&steps, r) < 0) {
        return r->prog->ops.n;
    }
    while (i < steps.n && !steps.v[i].contradicted) {
        i++;
    }
    repro_steps_free(&steps);
    return i;
}
