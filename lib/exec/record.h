/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a target showed while it ran a program, as plain data: per step the outcome, what was mapped
 * afterwards, digests of pages. Any target can leave one, and whoever compares targets needs
 * nothing else. Addresses are the target's own; where the window of the program began is said, and
 * objects are numbered in a way that does not depend on the target (files) or is free up to
 * renaming (shared anonymous memory).
 *
 * Not here: judging.
 */
#pragma once

#include "op/prog.h"
#include "region/region.h"
#include "trace/trace.h"

/* Why a step says nothing about the target. */
enum record_poison {
    RECORD_CLEAN,
    RECORD_FOREIGN,   /* the op would have reached memory that is not the program's: not run */
    RECORD_BIG,       /* the op would have taken too much memory: not run */
    RECORD_HARMFUL,   /* the op could harm the machine: not run */
    RECORD_BEYOND,    /* the specification says nothing of what the op asks for: not run */
    RECORD_ASTRAY,    /* the target put something where it cannot be watched */
    RECORD_FULL,      /* there was no room left to write down what the step showed */
    RECORD_UNDEFINED, /* nobody can say what the step should show */
    RECORD_UNSURE,   /* it hangs on what only the followed target knows; nobody follows from here */
    RECORD_GIVEN_UP, /* the target could not go on: memory */
    RECORD_UNSEEN,   /* of a layer: a child process had it and could not be looked into */
    RECORD_GROWN,    /* of two targets: one of them has a stack that grows by itself */
    RECORD_FAULT,    /* of two targets: a host call failed on purpose in one of them */
    RECORD_UNSAID,   /* of two targets: one has no numbers for what the op says */
    RECORD_ELSEWHERE, /* of two targets: where each placed something decides */
    RECORD_APART,     /* of two targets: it meets what they have differently already */
    RECORD_GARBLED,   /* of an agent: it said something that is not the protocol */
    RECORD_POISON_COUNT,
};
/* In words: "the op would have reached foreign memory". */
const char *record_poison_text(enum record_poison why);

enum record_what {
    RECORD_OP,   /* an op of the program */
    RECORD_BORN, /* what a child process has before its first op */
    RECORD_DONE, /* what a process has after its last op */
};

enum record_bytes {
    RECORD_BYTES_KNOWN,     /* sum says which */
    RECORD_BYTES_LAZY,      /* those of sum, or zeros */
    RECORD_BYTES_UNDEFINED, /* nobody can say */
    RECORD_BYTES_NONE,      /* a load faults; sum is the signal, 0 unknown */
};

/* A page's bytes in short. */
struct record_digest {
    uint64_t page; /* its address */
    uint64_t sum;
    uint8_t bytes; /* enum record_bytes */
};

/* Part of one of the record's vectors. */
struct record_slice {
    uint32_t first;
    uint32_t n;
};

struct record_step {
    uint8_t what;   /* enum record_what; but for RECORD_OP only process is of meaning in step */
    uint8_t poison; /* enum record_poison */
    bool has_at;    /* SIGNAL: at is known */
    bool has_regions;
    bool refused; /* of a target that follows another: what was seen is not what it allows */
    struct trace_step step; /* addresses and results are the target's; calls and tbs are empty */
    uint64_t at;            /* SIGNAL: first byte that could not be accessed */
    struct record_slice regions; /* what is mapped after it: in the record's regions */
    struct record_slice digests;
    bool has_host, has_model;  /* of a layer that was watched for them: as regions, */
    struct record_slice host;  /* what the host has in the window, at guest addresses, */
    struct record_slice model; /* and what the guest's kernel would have mapped */
};

/* Where a program ran. */
struct record_place {
    enum abi_system system;
    unsigned release;   /* of the system, as struct vm_params has it; 0 the newest */
    unsigned bits;      /* width of an address */
    uint64_t page;      /* T */
    uint64_t host_page; /* H and R of a layer; of anything else the page again, or 0 */
    uint64_t real_page;
    uint64_t window;     /* address of "@0" */
    uint64_t last;       /* last address of user space */
    uint64_t min_addr;   /* what lower hints become, and the lowest that may be mapped, */
    uint64_t fixed_min;  /* but for this; 0: the same */
    bool privileged;     /* may map below it */
    bool may_refuse;     /* limits of a real system are about that nobody can foretell */
    uint64_t commit_max; /* one request for more is refused; 0: none is */
    uint64_t stack_max;  /* bytes that a stack may have; 0: the system's usual */
    bool exec_only;      /* as struct vm_params has it */
    bool emulated;       /* by user mode emulation: what is mapped is told from a host's list */
    struct range within; /* all that is mapped here is the program's, and is written down */
    /* Within it, when a program starts: mapped PROT_NONE, private, anonymous; 0, 0 nothing. */
    struct range taken;
};

struct record {
    char maker[256]; /* the target, as on a command line */
    struct prog_config config;
    struct record_place place;
    bool skipped;      /* the program was not run */
    struct buf reason; /* why */
    struct buf said;   /* of what ended badly: its standard error, the last of it */
    struct {
        struct record_step *v;
        size_t n, cap;
    } steps;
    struct region_vec regions;
    struct {
        struct record_digest *v;
        size_t n, cap;
    } digests;
};
#define RECORD_INIT ((struct record){0})

void record_free(struct record *r);
/* Empty again, memory kept. */
void record_clear(struct record *r);
int record_copy(struct record *to, const struct record *from);
/* Append a step, zeroed but for WHAT; NULL without memory. Valid until the next one. */
struct record_step *record_add(struct record *r, enum record_what what);
/*
 * What is mapped after S, from ALL: a slice equal to the last one is not stored again. 0 or
 * -ENOMEM.
 */
int record_put_regions(struct record *r, struct record_step *s, const struct region_vec *all);
/* The same for what the host and the model have. */
int record_put_host(struct record *r, struct record_step *s, const struct region_vec *all);
int record_put_model(struct record *r, struct record_step *s, const struct region_vec *all);
/* Append a digest to S, which must be the last step. 0 or -ENOMEM. */
int record_put_digest(struct record *r, struct record_step *s, struct record_digest d);
/* The regions of step I as a vector that borrows them; the latest before I if it has none. */
struct region_vec record_regions(const struct record *r, size_t i);
/* Of the host and the model, empty if step I has none. */
struct region_vec record_host(const struct record *r, size_t i);
struct region_vec record_model(const struct record *r, size_t i);

/* The digest of a page's bytes; LEN is a multiple of 32. Equal bytes, equal digests. */
uint64_t record_sum(const void *page, size_t len);

/* Identity of the program's file I in every record. */
static inline uint64_t record_file_object(size_t i)
{
    return UINT64_C(0xf11e000000000000) | i;
}

/*
 * Whether P can be run under PLACE's system, page and width. NULL, or the requirement or key that
 * it does not meet, in *TEXT.
 */
const char *record_unfit(const struct prog *p, const struct prog_config *c, enum abi_system system,
                         struct buf *text);

/* An outcome and its place as text in program syntax, addresses relative to the window. */
void record_print_outcome(const struct record *r, const struct record_step *s, enum op_kind kind,
                          struct buf *out);
