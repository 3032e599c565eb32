/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4): names of contents that anybody can check with sha256sum. */
#pragma once

#include <stddef.h>

#define SHA256_TEXT_MAX 65

/* The digest of LEN bytes as 64 hex digits and a NUL. */
void sha256_text(const void *data, size_t len, char ret[SHA256_TEXT_MAX]);
