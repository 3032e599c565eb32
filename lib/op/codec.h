/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs as bytes. Total: any bytes decode to a valid program; encode(decode(x)) is stable. */
#pragma once

#include "base/buf.h"
#include "op/prog.h"

/* First byte of every encoded program; cannot begin a text. */
#define PROG_CODEC_MAGIC 0xb7

/* Decode into *P (cleared first) and repair. 0 or -ENOMEM: there is no malformed input. */
int prog_decode(struct prog *p, const uint8_t *data, size_t len);
void prog_encode(const struct prog *p, struct buf *out);

enum prog_format { PROG_FORMAT_AUTO, PROG_FORMAT_TEXT, PROG_FORMAT_BINARY };

/* What AUTO means: text if NAME ends in .tm or DATA has no byte a text cannot have, else binary. */
enum prog_format prog_guess_format(const char *name, const uint8_t *data, size_t len);
/*
 * Read PATH in FORMAT. A text under AUTO keeps its expectations only if its name ends in .tm or it
 * is standard input: any other is an engine's. Messages name the path. An empty file is refused,
 * and so is a text without ops; bytes may mean none.
 */
int prog_load(struct prog *p, const char *path, enum prog_format format, struct err *e);
