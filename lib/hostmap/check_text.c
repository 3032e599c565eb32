/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hostmap/check_text.h"

#include <stdio.h>

#include "hostmap/hostmap.h"

typedef int parse_fn(const char *text, size_t len, struct region_vec *out, struct err *e);

static int check_one(const char *name, parse_fn *parse, const uint8_t *data, size_t len)
{
    struct region_vec v = REGION_VEC_INIT;
    struct err e = {""};
    int r = 0;

    if (parse((const char *)data, len, &v, &e) < 0) {
        if (e.text[0] == '\0') {
            fprintf(stderr, "twinmap-finding: hostmap/%s: refused without a reason\n", name);
            r = 1;
        }
        region_vec_free(&v);
        return r;
    }
    for (size_t i = 0; i < v.n; i++) {
        if (v.v[i].r.start > v.v[i].r.last || (i > 0 && v.v[i - 1].r.last >= v.v[i].r.start)) {
            fprintf(stderr, "twinmap-finding: hostmap/%s: regions out of order\n", name);
            r = 1;
        }
    }
    region_vec_free(&v);
    return r;
}

int hostmap_check_text(const uint8_t *data, size_t len)
{
    return check_one("proc", hostmap_parse_proc, data, len) ||
           check_one("procstat", hostmap_parse_procstat, data, len);
}
