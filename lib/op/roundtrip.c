/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/roundtrip.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "op/codec.h"
#include "op/text.h"

static int differs(const char *what, const struct prog *p)
{
    struct buf text = BUF_INIT;

    prog_print(p, &text);
    fprintf(stderr, "twinmap-finding: roundtrip/%s\n%s\n", what, buf_text(&text));
    buf_free(&text);
    return 1;
}

/* text -> program -> text is the identity on what prog_print made. */
static int check_text(const struct prog *p)
{
    struct prog back = PROG_INIT;
    struct buf text = BUF_INIT;
    struct err e;
    int r = 0;

    prog_print(p, &text);
    if (prog_parse(&back, "printed", buf_text(&text), text.len, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        r = differs("printed program does not parse", p);
    } else if (!prog_equal(p, &back)) {
        r = differs("printed program parses to another", &back);
    }
    prog_free(&back);
    buf_free(&text);
    return r;
}

/* program -> bytes -> program is the identity on valid programs. */
static int check_codec(const struct prog *p)
{
    struct prog back = PROG_INIT;
    struct buf bytes = BUF_INIT;
    int r = 0;

    prog_encode(p, &bytes);
    if (prog_decode(&back, (const uint8_t *)buf_text(&bytes), bytes.len) < 0) {
        r = differs("encoded program does not decode", p);
    } else if (!prog_equal(p, &back)) {
        r = differs("encoded program decodes to another", &back);
    }
    prog_free(&back);
    buf_free(&bytes);
    return r;
}

static int check_valid(const struct prog *p)
{
    struct prog fixed = PROG_INIT;
    struct err e;
    int r = 0;

    if (prog_check(p, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        return differs("program is not valid", p);
    }
    if (prog_copy(&fixed, p) == 0) {
        prog_fixup(&fixed);
        r = prog_equal(&fixed, p) ? 0 : differs("repair changes a valid program", p);
    }
    prog_free(&fixed);
    return r;
}

int roundtrip_codec(const uint8_t *data, size_t len)
{
    struct prog p = PROG_INIT;
    int r = 0;

    if (prog_decode(&p, data, len) == 0) {
        r = check_valid(&p) || check_codec(&p) || check_text(&p);
    }
    prog_free(&p);
    return r;
}

int roundtrip_text(const uint8_t *data, size_t len)
{
    struct prog p = PROG_INIT;
    struct err e = {""};
    int r = 0;

    if (prog_parse(&p, "input", (const char *)data, len, &e) == 0) {
        r = check_valid(&p) || check_codec(&p) || check_text(&p);
    } else if (strncmp(e.text, "input:", 6) != 0 || strchr(e.text, '\n')) {
        fprintf(stderr, "twinmap-finding: roundtrip/refused without a position: %s\n", e.text);
        r = 1;
    }
    prog_free(&p);
    return r;
}
