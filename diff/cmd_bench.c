/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twinmap bench: run one measurement by name, or all of them. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "cmd.h"

static const struct {
    const char *name;
    const char *title;
    int (*run)(struct err *e);
} benches[] = {
    {"real", "a program on the real host against the same host calls made bare", bench_real},
    {"pageflags", "time per op of the page-flag table, many runs against few", bench_pageflags},
    {"sim", "the simulated host against the real one, many areas against few", bench_sim},
};

static int run_benches(const char *name)
{
    int code = EXIT_HOLDS;
    int matched = 0;
    struct err e;

    for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
        int r;

        if (name && strcmp(name, benches[i].name) != 0) {
            continue;
        }
        matched = 1;
        printf("%s: %s\n", benches[i].name, benches[i].title);
        r = benches[i].run(&e);
        if (r < 0) {
            return cmd_harness("bench", &e);
        }
        code = r > 0 ? EXIT_FINDING : code;
    }
    return matched ? cmd_finish("bench", code)
                   : cmd_usage("bench", "%s: unknown; there are: real, pageflags, sim", name);
}

int cmd_bench(int argc, const char **argv)
{
    struct poptOption table[] = {POPT_AUTOHELP POPT_TABLEEND};
    struct cmd_options o;
    const char **args;
    int code;

    cmd_options_init(&o, argc, argv, table, "bench");
    while (cmd_next(&o) > 0) {
    }
    args = cmd_args(&o);
    code = args && args[0] && args[1] ? cmd_usage("bench", "one name at most")
                                      : run_benches(args ? args[0] : NULL);
    cmd_options_free(&o);
    return code;
}
