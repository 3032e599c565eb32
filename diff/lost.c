/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lost.h"

#include "op/text.h"
#include "run_json.h"

static const char *relation(const struct prog *p, const struct target_spec *spec)
{
    struct prog_config c = p->config;
    uint64_t host;

    for (int k = 0; k < CONFIG_KEY_COUNT; k++) {
        if (spec->override.given & (1u << k)) {
            c.value[k] = spec->override.value[k];
        }
    }
    host = c.value[CONFIG_HOST_PAGE];
    return host == c.value[CONFIG_GUEST_PAGE]  ? "h_eq_g"
           : host < c.value[CONFIG_GUEST_PAGE] ? "h_lt_g"
                                               : "h_gt_g";
}

void lost_signature(const struct prog *p, const struct target_spec *spec, struct buf *out)
{
    buf_fmt(out, "process/any/ended/%s/%s", relation(p, spec),
            spec->layer ? spec->layer->name : spec->text);
}

void lost_report(const struct prog *p, const struct target_spec *spec, const char *what,
                 struct buf *out)
{
    buf_str(out, "twinmap-finding: ");
    lost_signature(p, spec, out);
    buf_fmt(out, "\nviolated: process: " LOST_REASON "\n\nprogram, of which a step did:\n");
    prog_print(p, out);
    buf_str(out, "\ntwinmap run --on ");
    buf_word(out, spec->text);
    buf_fmt(out, " %s\n", what);
}

struct json_object *lost_json(const char *path, const struct prog *p,
                              const struct target_spec *spec)
{
    struct json_object *o = json_object_new_object();
    struct buf signature = BUF_INIT;

    lost_signature(p, spec, &signature);
    json_object_object_add(o, "path", json_text(path));
    json_object_object_add(o, "target", json_text(spec->text));
    json_object_object_add(o, "verdict", json_text(run_verdict_name(RUN_FINDING)));
    json_object_object_add(o, "reason", json_text(LOST_REASON));
    json_object_object_add(o, "signature", json_text(buf_text(&signature)));
    buf_free(&signature);
    return o;
}
