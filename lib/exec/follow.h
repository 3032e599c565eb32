/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model as a target: it runs a program by its own choices, or follows the record of another
 * target, taking over every outcome that it allows, and leaves a record of its own that has the
 * same steps. Where it does not allow what was seen the record ends with a step that says so.
 */
#pragma once

#include "base/err.h"
#include "exec/record.h"
#include "vm/vm.h"

struct follower;

/* NULL without memory. Free takes NULL and returns NULL. */
struct follower *follower_new(void);
struct follower *follower_free(struct follower *f);

/*
 * P on a machine of PLACE. SEEN NULL: by the model's own choices. 0 or a negative errno with the
 * reason in E.
 */
int follower_run(struct follower *f, const struct prog *p, const struct record_place *place,
                 const struct record *seen, struct record *ret, struct err *e);
/* What the model would have allowed at a step that it refused, in program syntax. */
const char *follower_allowed(const struct follower *f);
/* How often each of its rules was exercised. */
const uint64_t *follower_hits(const struct follower *f);

/*
 * The place of a pure model under configuration C: what a program finds there. NULL, or why there
 * can be none.
 */
const char *follower_place(enum abi_system system, const struct prog_config *c,
                           struct record_place *ret);
