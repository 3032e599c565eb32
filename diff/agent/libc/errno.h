/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of the guest's own system. System calls return them: there is no variable. */
#pragma once

#include <asm/errno.h>

#ifndef ENOTSUP
#define ENOTSUP EOPNOTSUPP
#endif
