/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent.h"

/* Run what programs will run, so that an emulator has seen it. Nothing of it stays mapped. */
void warm_up(struct agent *a);
