/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap targets: what is available here, and why not if not. */
#include <stdbool.h>
#include <stdio.h>

#include "cmd.h"
#include "exec/machine.h"
#include "exec/target.h"
#include "run_json.h"

static void add_row(struct json_object *rows, const struct target_status *s)
{
    struct json_object *row = json_object_new_object();

    json_object_object_add(row, "target", json_object_new_string(s->name));
    json_object_object_add(row, "available", json_object_new_boolean(s->available));
    if (s->bits) {
        json_object_object_add(row, "bits", json_object_new_int((int)s->bits));
        json_object_object_add(row, "page", json_object_new_uint64(s->page));
    }
    json_object_object_add(row, "note", json_object_new_string(s->note));
    json_object_array_add(rows, row);
}

static void print_json(void)
{
    struct json_object *rows = json_object_new_array();
    struct json_object *doc = json_object_new_object();
    struct target_status s;

    for (size_t i = 0; target_status_nth(i, &s); i++) {
        add_row(rows, &s);
    }
    json_object_object_add(doc, "targets", rows);
    rows = json_object_new_array();
    for (size_t i = 0; machine_nth(i); i++) {
        struct json_object *row = json_object_new_object();

        json_object_object_add(row, "host", json_object_new_string(machine_nth(i)->name));
        json_object_object_add(row, "note", json_object_new_string(machine_nth(i)->note));
        json_object_array_add(rows, row);
    }
    json_object_object_add(doc, "hosts", rows);
    json_emit(doc);
}

static void print_table(void)
{
    struct target_status s;

    for (size_t i = 0; target_status_nth(i, &s); i++) {
        printf("%-14s %-4s %s\n", s.name, s.available ? "yes" : "no", s.note);
    }
    printf("\nA target may be followed by options, each with a comma before it, that win over a "
           "program's\nconfiguration:\n");
    for (size_t i = 0; machine_nth(i); i++) {
        printf("  host=%-12s %s\n", machine_nth(i)->name, machine_nth(i)->note);
    }
    for (int key = 0; key < CONFIG_KEY_COUNT; key++) {
        printf("  %s=N: %s\n", config_key_name((enum config_key)key),
               config_expected((enum config_key)key));
    }
    printf("host_page is the kernel's page size on a simulated host; on the real one, whose page "
           "size is given,\nit is what the layer reasons in, as with QEMU's -p.\n");
}

/* Those that are named alone. An exit status. */
static int print_named(const char *const *names, bool json)
{
    struct json_object *rows = json_object_new_array();
    struct json_object *doc = json_object_new_object();
    struct target_status s;
    struct target_spec spec;
    struct err e;

    json_object_object_add(doc, "targets", rows);
    for (; *names; names++) {
        if (target_parse(&spec, *names, &e) < 0) {
            json_object_put(doc);
            return cmd_usage("targets", "%s", e.text);
        }
        target_status_of(&spec, &s);
        add_row(rows, &s);
        if (!json) {
            printf("%-14s %-4s %s\n", s.name, s.available ? "yes" : "no", s.note);
        }
    }
    if (json) {
        json_emit(doc);
    } else {
        json_object_put(doc);
    }
    return cmd_finish("targets", EXIT_HOLDS);
}

int cmd_targets(int argc, const char **argv)
{
    int json = 0;
    struct poptOption table[] = {
        {"json", 0, POPT_ARG_NONE, &json, 0, "one JSON document instead of a table", NULL},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    struct cmd_options o;
    int code;

    cmd_options_init(&o, argc, argv, table, "targets");
    while (cmd_next(&o) > 0) {
    }
    if (cmd_args(&o)) {
        code = print_named(cmd_args(&o), json);
    } else {
        if (json) {
            print_json();
        } else {
            print_table();
        }
        code = cmd_finish("targets", EXIT_HOLDS);
    }
    cmd_options_free(&o);
    return code;
}
