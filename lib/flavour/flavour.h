/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registry of layers: the two flavours, and out-of-tree ones by path. */
#pragma once

#include "base/err.h"
#include "flavour/layer.h"

extern const struct layer_ops layer_linux;
extern const struct layer_ops layer_bsd;

/* By name, NULL if unknown; the N-th of the built-in ones, NULL past the last. */
const struct layer_ops *layer_find(const char *name);
const struct layer_ops *layer_nth(size_t n);

/* dlopen PATH and check its table; the object stays loaded. NULL with the reason in E. */
const struct layer_ops *layer_load(const char *path, struct err *e);
