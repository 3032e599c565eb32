/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs as text (.tm): strace's syntax plus little; docs/TEXT_FORMAT.md has the grammar. */
#pragma once

#include "base/buf.h"
#include "op/prog.h"

/*
 * Parse TEXT of LEN bytes into *P (cleared first). 0, or -EINVAL with "NAME:line:column: read this,
 * expected that" in E and *P empty.
 */
int prog_parse(struct prog *p, const char *name, const char *text, size_t len, struct err *e);

/* Print the whole program in canonical form: parsing it gives an equal program. */
void prog_print(const struct prog *p, struct buf *out);
/* The head alone: version, config, requires, files, one per line. */
void prog_print_head(const struct prog *p, struct buf *out);
/*
 * One op without its expectation and without newline; with "rK = " in front if its result is named.
 */
void op_print(const struct op *op, struct buf *out);
/* " = X", or nothing for EXPECT_NONE. */
void expect_print(const struct expect *x, enum op_kind kind, struct buf *out);
void value_print(const struct value *v, enum arg_kind kind, struct buf *out);
