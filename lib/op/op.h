/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One memory op of a program: what it is called, its arguments as values, what is expected of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/abi.h"
#include "op/limits.h"

enum arg_kind {
    ARG_NONE,
    ARG_ADDR,        /* guest address: absolute, @window-relative or relative to a result */
    ARG_ADDR_OPT,    /* the same; printed only where the op's flags give it a meaning (mremap) */
    ARG_LEN,         /* bytes */
    ARG_ACCESS,      /* bytes, at most PROG_ACCESS_MAX */
    ARG_PROT,        /* enum abi_prot */
    ARG_MAPFLAGS,    /* neutral, enum abi_mapflag */
    ARG_MREMAPFLAGS, /* enum abi_mremap */
    ARG_MSYNCFLAGS,  /* neutral, enum abi_msync */
    ARG_ADVICE,      /* neutral, enum abi_advice */
    ARG_FD,          /* a file of the program, or a number that names no open descriptor */
    ARG_OFFSET,      /* file offset in bytes, 64 bits */
    ARG_BYTE,        /* 0..255 */
    ARG_COUNT,       /* ordinal, from 1 */
    ARG_ERRNO,       /* neutral errno */
    ARG_KIND_COUNT,
};

enum op_result { OP_RESULT_ADDR, OP_RESULT_ZERO, OP_RESULT_BYTE, OP_RESULT_NONE };

enum op_kind {
#define OP(name, result, ...) OP_##name,
#include "op/op.def"
#undef OP
    OP_KIND_COUNT,
};

enum value_base {
    VALUE_NUM,    /* num as it is; for an address: absolute guest address */
    VALUE_WINDOW, /* "@N": start of the guest window plus num */
    VALUE_RESULT, /* "rK+N": result K plus num (modulo 2^64) */
    VALUE_FILE,   /* "fK" as a descriptor; num unused */
    VALUE_BASE_COUNT,
};

struct value {
    uint8_t base; /* enum value_base */
    uint16_t ref; /* K of VALUE_RESULT and VALUE_FILE */
    uint64_t num;
};

enum expect_kind {
    EXPECT_NONE,
    EXPECT_OK,       /* "= ok": any success */
    EXPECT_VALUE,    /* "= 0", "= @N", "= rN", a byte for load */
    EXPECT_FAIL,     /* "= -1": any failure */
    EXPECT_ERRNO,    /* "= -1 ERRNO" */
    EXPECT_SIGSEGV,
    EXPECT_SIGBUS,
    EXPECT_KIND_COUNT,
};

struct expect {
    uint8_t kind;       /* enum expect_kind */
    uint8_t err;        /* EXPECT_ERRNO: neutral number */
    struct value value; /* EXPECT_VALUE */
};

#define OP_NO_RESULT 0xffff

struct op {
    uint8_t kind;    /* enum op_kind */
    uint16_t result; /* K of "rK = ...", OP_NO_RESULT if the result is not named */
    struct value arg[OP_ARGS_MAX];
    struct expect expect;
};

struct op_desc {
    const char *name;
    enum op_result result;
    uint8_t n_args; /* ARG_ADDR_OPT included */
    uint8_t arg[OP_ARGS_MAX]; /* enum arg_kind */
};

/* Indexed by enum op_kind. */
extern const struct op_desc op_descs[OP_KIND_COUNT];

/* Kind of that name, or OP_KIND_COUNT. */
enum op_kind op_kind_parse(const char *name, size_t len);

/*
 * How many arguments OP has as it stands: ARG_ADDR_OPT counts only if the flags give it a meaning.
 */
unsigned op_args_used(const struct op *op);
