/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the program's files are called, so that a map shows which is which: file 3 is NAME and 3. */
#pragma once

#define FILES_NAME "twinmap-f"
