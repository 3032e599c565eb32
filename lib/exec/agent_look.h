/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host has mapped of a guest: the map of the emulator's own process, at guest addresses,
 * and whether it is what the guest should have. An anchor that both sides can find tells where the
 * guest's address 0 lies.
 */
#pragma once

#include "exec/agent_frame.h"

/*
 * The host's mappings of process PID within the room for the programs of H, at guest addresses,
 * appended to OUT. 0, or a negative errno with the reason in E.
 */
int agent_look(const struct agent_hello *h, uint32_t pid, struct region_vec *out, struct err *e);
/* The same of a map as text. */
int agent_look_at(const struct agent_hello *h, const struct buf *maps, struct region_vec *out,
                  struct err *e);

/*
 * Whether HOST is what a guest at PLACE that has GUEST needs of it: where the guest has nothing,
 * within OWN, where the emulator itself has nothing either, nothing can be accessed; where it has
 * something the rights are the guest's (to an emulator's host a right to execute is one to read),
 * and sharing, file and offset are. What is left of the guest's page behind the end of a file may
 * be anonymous: P's files say where that is. If not, WHERE and WHY.
 */
bool agent_view_holds(const struct prog *p, const struct record_place *place,
                      const struct region_vec *guest, const struct region_vec *host,
                      struct range own, struct range *where, struct buf *why);
