/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

_Noreturn void agent_assert_failed(const char *what);

#define assert(x) ((x) ? (void)0 : agent_assert_failed("assertion failed in the agent: " #x))
