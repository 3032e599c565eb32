/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model_record.h"

#include <errno.h>

#include "repro_find.h"

int model_open(enum abi_system system, struct recorder **ret, struct err *e)
{
    struct target_spec spec;
    int rc = target_parse(&spec, system == ABI_FREEBSD ? "model-freebsd" : "model-linux", e);

    return rc < 0 ? rc : repro_open(ret, &spec, e);
}

int model_record(struct recorder *model, const struct prog *p, struct record *ret, struct err *e)
{
    int rc = recorder_record(model, p, ret, e);

    if (rc == 0 && ret->skipped) {
        rc = err_set(e, -ENOTSUP, "%s cannot run it: %s", ret->maker, buf_text(&ret->reason));
    }
    return rc;
}
