/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The twinmap command: finds the verb and leaves the rest to it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "host/real.h"

struct verb {
    const char *name;
    const char *args;
    const char *title;
    int (*run)(int argc, const char **argv);
};

static const struct verb verbs[] = {
#define CMD(name, args, title) {#name, args, title, cmd_##name},
#include "cmd.def"
#undef CMD
};

static void print_help(FILE *to)
{
    fprintf(to, "usage: twinmap VERB [ARGUMENT...]\n\n"
                "Fuzzes and cross-checks the mmap layer of user-mode emulators.\n\n");
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        fprintf(to, "  twinmap %s %s\n      %s\n", verbs[i].name, verbs[i].args, verbs[i].title);
    }
    fprintf(
        to,
        "\ntwinmap VERB --help lists the options of a verb.\n"
        "Exit status: 0 all holds; 1 a finding; 2 usage or unreadable input; 3 the harness itself\n"
        "failed; 77 nothing could run here.\n");
}

/*
 * A closed standard descriptor would be the number of the next file that is opened, and messages
 * would go there: instead it is one that cannot be written. A file beyond the limit is an error.
 */
static void settle(void)
{
    signal(SIGXFSZ, SIG_IGN);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd) {
            return;
        }
    }
}

/* A layer under test that calls exit() must not end in a status that says all holds. */
static void left_by_layer(void)
{
    if (host_catch_inside()) {
        fprintf(stderr, "twinmap: the layer under test ended the process\n");
        _exit(EXIT_FINDING);
    }
}

static int run_verb(const struct verb *v, int argc, char **argv)
{
    char name[32];

    snprintf(name, sizeof(name), "twinmap %s", v->name);
    argv[1] = name; /* what the verb's --help calls itself */
    return v->run(argc - 1, (const char **)argv + 1);
}

int main(int argc, char **argv)
{
    settle();
    atexit(left_by_layer);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return cmd_finish("help", EXIT_HOLDS);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("twinmap %s\n", TWINMAP_VERSION);
        return cmd_finish("--version", EXIT_HOLDS);
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, argv[1]) == 0) {
            return run_verb(&verbs[i], argc, argv);
        }
    }
    fprintf(stderr, "twinmap: unknown verb '%s'; twinmap --help lists them\n", argv[1]);
    return EXIT_USAGE;
}
