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

/*
 * As a fuzz target takes its input: a text if it is one, else what the bytes mean. The expectations
 * of a text go: an engine changes them like anything else. 0 or -ENOMEM.
 */
int prog_decode_any(struct prog *p, const uint8_t *data, size_t len);

enum prog_format { PROG_FORMAT_AUTO, PROG_FORMAT_TEXT, PROG_FORMAT_BINARY };

/* What AUTO means: text if NAME ends in .tm or DATA has no byte a text cannot have, else binary. */
enum prog_format prog_guess_format(const char *name, const uint8_t *data, size_t len);
/*
 * True for what engines call their files (crash-*, timeout-*, leak-*, oom-*, slow-unit-*, id:*) and
 * for *.bin.
 */
bool prog_engine_file(const char *path);
/*
 * Read PATH in FORMAT. Under AUTO an engine's file is read by prog_decode_any, so that it shows
 * again what the engine saw. Messages name the path. An empty file is refused, and so is a text
 * without ops; bytes may mean none.
 */
int prog_load(struct prog *p, const char *path, enum prog_format format, struct err *e);
