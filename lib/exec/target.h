/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets by name: what the command line's --on names, parsed and looked up. */
#pragma once

#include "base/err.h"
#include "exec/arch.h"
#include "flavour/flavour.h"
#include "op/prog.h"

enum target_kind {
    TARGET_LAYER,  /* a flavour or a layer of somebody's own, on a host: exec/runner.h */
    TARGET_MODEL,  /* a guest's kernel as the specification has it: exec/recorder.h */
    TARGET_KERNEL, /* the native kernel: the same */
    TARGET_AGENT,  /* a command that runs a guest agent, an emulator say: the same */
};

enum { TARGET_AGENT_NUMBERS = 3 };

/* A command that runs an agent (target_agent.h). */
struct target_agent {
    const struct arch_desc *arch;
    bool emulator;     /* of that architecture; else a wrapper */
    char family[64];   /* by which findings are told apart: "qemu-alpha", "cmd:valgrind" */
    char command[256]; /* of a wrapper; the emulator's path, empty: as it is named */
    uint8_t given;     /* which of the emulator's options are: p, R, B */
    uint64_t number[TARGET_AGENT_NUMBERS];
    unsigned hang_ms; /* 0: the usual */
    bool host_view;   /* the host's map is judged, too */
};

struct target_spec {
    char text[256]; /* as given */
    enum target_kind kind;
    const struct layer_ops *layer; /* of a layer, else NULL */
    enum abi_system system;
    struct target_agent agent;   /* of TARGET_AGENT */
    char host[32];               /* "real" */
    struct prog_config override; /* keys named in the spec win over a program's */
};

/*
 * "linux", "bsd,host_page=16384", "so:PATH,bits=32". 0, or -EINVAL/-ENOENT with one line in E that
 * names what would be right.
 */
int target_parse(struct target_spec *ret, const char *text, struct err *e);

/* One row of `twinmap targets`. */
struct target_status {
    char name[256];
    bool available;
    char note[256]; /* what it is; why not, and what would bring it */
    unsigned bits;  /* of its addresses; 0: as the configuration says */
    uint64_t page;  /* of its guests, the same */
};
/* The N-th row; false past the last. */
bool target_status_nth(size_t n, struct target_status *ret);
/* The same for SPEC, as it is given. */
void target_status_of(const struct target_spec *spec, struct target_status *ret);
/*
 * Whether SPEC, which is no layer, can be had here, as far as that is known without starting it;
 * if not, why.
 */
bool target_available(const struct target_spec *spec, struct err *why);
