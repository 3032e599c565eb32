/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run_json.h"

#include <stdio.h>

#include "op/text.h"

static const char *const verdict_names[] = {
    [RUN_PASS] = "pass",
    [RUN_FINDING] = "finding",
    [RUN_SKIP] = "skip",
};

const char *run_verdict_name(enum run_verdict v)
{
    return verdict_names[v];
}

/* Bytes of the UTF-8 character that S begins with; 0 if it begins with none. */
static size_t utf8_len(const unsigned char *s)
{
    size_t n = s[0] < 0x80                   ? 1
               : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
               : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
               : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                             : 0;

    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* overlong, a surrogate, beyond the last */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)) {
        return 0;
    }
    return n;
}

struct json_object *json_text(const char *text)
{
    struct buf clean = BUF_INIT;
    struct json_object *o;

    while (*text) {
        size_t n = utf8_len((const unsigned char *)text);

        if (n) {
            buf_add(&clean, text, n);
        } else {
            buf_str(&clean, "\xef\xbf\xbd");
        }
        text += n ? n : 1;
    }
    o = json_object_new_string(buf_text(&clean));
    buf_free(&clean);
    return o;
}

static void add_text(struct json_object *o, const char *key, const struct buf *b)
{
    json_object_object_add(o, key, json_text(buf_text(b)));
}

static struct json_object *config_json(const struct prog_config *c)
{
    struct json_object *o = json_object_new_object();

    for (int k = 0; k < CONFIG_KEY_COUNT; k++) {
        json_object_object_add(o, config_key_name((enum config_key)k),
                               json_object_new_uint64(c->value[k]));
    }
    return o;
}

/* Without the " = " or " # " that program syntax puts in front. */
static const char *outcome_text(const struct buf *b)
{
    return b->len > 3 ? b->data + 3 : "";
}

static struct json_object *steps_json(const struct prog *p, const struct run_result *r)
{
    struct json_object *steps = json_object_new_array();
    struct buf text = BUF_INIT;

    for (size_t i = 0; i < r->n_steps; i++) {
        const struct trace_step *s = &r->steps[i];
        const struct op *op = &p->ops.v[s->op];
        struct json_object *o = json_object_new_object();

        buf_clear(&text);
        op_print(op, &text);
        add_text(o, "op", &text);
        buf_clear(&text);
        outcome_print(&s->outcome, (enum op_kind)op->kind, &text);
        json_object_object_add(o, "outcome", json_object_new_string(outcome_text(&text)));
        json_object_object_add(o, "process", json_object_new_int((int)s->process));
        json_object_array_add(steps, o);
    }
    buf_free(&text);
    return steps;
}

struct json_object *run_json(const char *path, const char *target, const struct prog *p,
                             const struct run_result *r)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "path", json_text(path));
    json_object_object_add(o, "target", json_text(target));
    json_object_object_add(o, "verdict", json_object_new_string(verdict_names[r->verdict]));
    if (r->verdict != RUN_PASS) {
        add_text(o, "reason", &r->reason);
    }
    if (r->verdict == RUN_FINDING) {
        struct buf signature = BUF_INIT;

        run_signature(p, r, &signature);
        add_text(o, "signature", &signature);
        buf_free(&signature);
        json_object_object_add(o, "violated", json_object_new_string(inv_descs[r->violated].name));
        json_object_object_add(o, "step", json_object_new_uint64(r->bad_step));
    }
    if (r->verdict != RUN_SKIP) {
        json_object_object_add(
            o, "relation", json_object_new_string(space_relation_name(space_relation(&r->space))));
        json_object_object_add(o, "config", config_json(&r->config));
        json_object_object_add(o, "steps_skipped", json_object_new_uint64(r->n_skipped));
        json_object_object_add(o, "steps", steps_json(p, r));
    }
    return o;
}

struct json_object *counts_json(size_t passed, size_t failed, size_t skipped)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "passed", json_object_new_uint64(passed));
    json_object_object_add(o, "failed", json_object_new_uint64(failed));
    json_object_object_add(o, "skipped", json_object_new_uint64(skipped));
    return o;
}

void json_emit(struct json_object *doc)
{
    puts(json_object_to_json_string_ext(doc,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(doc);
}
