/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AFL++'s custom mutator: structural mutation and splicing, trimming by whole ops, names that say
 * what was done. A shared object for afl-fuzz itself, built without instrumentation.
 * TWINMAP_FUZZ_TARGET names the flavour.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/int.h"
#include "base/prng.h"
#include "exec/oneshot.h"
#include "op/codec.h"

enum { TRIES = 4 };

struct mutator {
    struct oneshot_desc desc;
    struct prng rng;
    uint8_t *out;
    size_t cap;
    const char *did;
    char description[128];
    /* Trimming: the program, the next op to try, the last candidate. */
    struct prog prog;
    struct prog candidate;
    size_t trim_at;
    struct buf trimmed;
};

/* The hooks' names and types are AFL++'s. */
void *afl_custom_init(void *afl, unsigned seed);
void afl_custom_deinit(void *data);
size_t afl_custom_fuzz(void *data, uint8_t *in, size_t len, uint8_t **out, uint8_t *add,
                       size_t add_len, size_t max);
const char *afl_custom_describe(void *data, size_t max);
int32_t afl_custom_init_trim(void *data, uint8_t *in, size_t len);
size_t afl_custom_trim(void *data, uint8_t **out);
int32_t afl_custom_post_trim(void *data, uint8_t success);

void *afl_custom_init(void *afl, unsigned seed)
{
    struct mutator *m = calloc(1, sizeof(*m));
    const char *target = getenv("TWINMAP_FUZZ_TARGET");

    (void)afl;
    if (!m) {
        return NULL;
    }
    m->desc = (struct oneshot_desc){.name = "afl", .target = target ? target : "linux"};
    prng_seed(&m->rng, seed);
    m->prog = PROG_INIT;
    m->candidate = PROG_INIT;
    m->did = "none";
    return m;
}

void afl_custom_deinit(void *data)
{
    struct mutator *m = data;

    prog_free(&m->prog);
    prog_free(&m->candidate);
    buf_free(&m->trimmed);
    free(m->out);
    free(m);
}

static bool grow(struct mutator *m, size_t want)
{
    uint8_t *out;

    if (want <= m->cap) {
        return true;
    }
    out = realloc(m->out, want);
    if (!out) {
        return false;
    }
    m->out = out;
    m->cap = want;
    return true;
}

size_t afl_custom_fuzz(void *data, uint8_t *in, size_t len, uint8_t **out, uint8_t *add,
                       size_t add_len, size_t max)
{
    struct mutator *m = data;
    uint32_t seed = (uint32_t)prng_u64(&m->rng);
    size_t made = 0;

    if (!grow(m, u64_max(max, len))) {
        *out = in;
        return len;
    }
    if (add && add_len > 0 && prng_chance(&m->rng, 1, 4)) {
        m->did = "splice";
        made = oneshot_crossover(&m->desc, in, len, add, add_len, m->out, max, seed);
    }
    /* 0 leaves the bytes to the engine; afl-fuzz has stages of its own for that. */
    for (unsigned i = 0; made == 0 && i < TRIES; i++) {
        m->did = "mutate";
        memcpy(m->out, in, len);
        made = oneshot_mutate(&m->desc, m->out, len, max, seed + i);
    }
    *out = m->out;
    return made ? made : len;
}

const char *afl_custom_describe(void *data, size_t max)
{
    struct mutator *m = data;

    snprintf(m->description, u64_min(max, sizeof(m->description)), "ops-%s", m->did);
    return m->description;
}

int32_t afl_custom_init_trim(void *data, uint8_t *in, size_t len)
{
    struct mutator *m = data;

    m->trim_at = 0;
    if (prog_decode(&m->prog, in, len) < 0) {
        return 0;
    }
    return (int32_t)m->prog.ops.n;
}

/* The program without its op at trim_at. */
size_t afl_custom_trim(void *data, uint8_t **out)
{
    struct mutator *m = data;

    buf_clear(&m->trimmed);
    if (prog_copy(&m->candidate, &m->prog) == 0 && m->trim_at < m->candidate.ops.n) {
        prog_remove(&m->candidate, m->trim_at, 1);
        prog_fixup(&m->candidate);
        prog_encode(&m->candidate, &m->trimmed);
    }
    *out = (uint8_t *)m->trimmed.data;
    return buf_failed(&m->trimmed) ? 0 : m->trimmed.len;
}

/* Keep what did not matter out; otherwise go on to the next op. Returns how far the trimming is. */
int32_t afl_custom_post_trim(void *data, uint8_t success)
{
    struct mutator *m = data;
    struct prog swap;

    if (!success) {
        m->trim_at++;
    } else {
        swap = m->prog;
        m->prog = m->candidate;
        m->candidate = swap;
    }
    /*
     * afl-fuzz stops when this reaches what init_trim answered; a step is an op tried or an op
     * gone.
     */
    return m->trim_at >= m->prog.ops.n ? INT32_MAX : (int32_t)m->trim_at;
}
