/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside lib/op only. Reading a program's text: a cursor, words, numbers, and the one way to
 * refuse.
 */
#pragma once

#include "op/repair.h"

/* A piece of the text, by offset. */
struct span {
    size_t at;
    size_t len;
};

struct text {
    const char *name;
    const char *text;
    size_t len;
    size_t at; /* the next byte */
    struct err *e;
    int code; /* what to return once something was refused */
    struct prog *p;
    struct repair_scope scope;
    struct span reserved; /* of the config key, to be judged when the other keys are known */
};

/*
 * Refuse: "NAME:line:column: read 'X', expected Y", X being the text at S (a word or a byte from
 * there if S is empty). Returns false, as every function below does once it has refused.
 */
__attribute__((format(printf, 3, 4))) bool text_refuse(struct text *t, struct span s,
                                                       const char *fmt, ...);
/* The same for what comes next. */
bool text_refuse_next(struct text *t, const char *expected);
/* The world failed instead. */
bool text_no_memory(struct text *t);

/*
 * Skip blanks; the next byte, or '\n' at a line's last, which a comment and the text's last are
 * too.
 */
char text_peek(struct text *t);
/* Behind this line. */
void text_next_line(struct text *t);

/* The next word ([A-Za-z0-9_]), possibly empty; not consumed. */
struct span text_word(struct text *t);
bool text_is(const struct text *t, struct span s, const char *word);
/* C if it comes next. */
bool text_accept(struct text *t, char c);
bool text_want(struct text *t, char c);
bool text_want_line_done(struct text *t);

/*
 * LETTER and a decimal number ("r12"): whether S is one; its number, or UINT32_MAX if it is a huge
 * one.
 */
bool text_name(const struct text *t, struct span s, char letter, unsigned *ret);
/* A number, decimal or hex. EXPECTED is what to say if none comes next. */
bool text_number(struct text *t, const char *expected, uint64_t *ret);
/* The same, with a '-' allowed: two's complement. */
bool text_number_signed(struct text *t, const char *expected, uint64_t *ret);

/* text_args.c: one argument, the expectation behind an op. */
bool text_arg(struct text *t, enum arg_kind kind, struct value *ret);
bool text_expect(struct text *t, enum op_kind kind, struct expect *ret);

/*
 * Offset of the first byte that cannot be in a text (not UTF-8, or a control character), LEN if
 * there is none.
 */
size_t text_first_bad(const char *text, size_t len);
