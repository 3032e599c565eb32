/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two files of the fake host share: objects, areas by address, private copies of pages. */
#pragma once

#include "fake_host.h"

extern const struct host_ops fake_ops;

struct fake_object *fake_object_new(struct fake_host *f, uint64_t size, bool pattern, int mode);
struct fake_object *fake_object_ref(struct fake_object *o);
struct fake_object *fake_object_of_fd(struct fake_host *f, int fd);
size_t fake_area_index(const struct fake_host *f, uint64_t at);
void fake_area_insert(struct fake_host *f, struct fake_area a);
void fake_split(struct fake_host *f, uint64_t at);
void fake_drop_pages(struct fake_host *f, uint64_t start, uint64_t last);
size_t fake_page_index(const struct fake_host *f, uint64_t addr);
void fake_page_put(struct fake_host *f, struct fake_page p);
void fake_cut(struct fake_host *f, uint64_t start, uint64_t last);
bool fake_any_area(const struct fake_host *f, uint64_t start, uint64_t last);
bool fake_covered(const struct fake_host *f, uint64_t start, uint64_t last);
uint8_t *fake_page_bytes(struct fake_host *f, uint64_t addr, bool for_write);
