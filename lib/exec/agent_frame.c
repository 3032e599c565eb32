/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/agent_frame.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/int.h"

enum {
    HEAD = 4,              /* bytes of a length */
    REGIONS_MAX = 1 << 18, /* of one program: what an honest agent has is far below */
    DIGESTS_MAX = 1 << 18,
    RELEASE_MAX = 10000,
};

int agent_signal_number(enum agent_signal s)
{
    static const int numbers[] = {
        [AGENT_SIGSEGV] = SIGSEGV, [AGENT_SIGBUS] = SIGBUS, [AGENT_SIGILL] = SIGILL,
        [AGENT_SIGTRAP] = SIGTRAP, [AGENT_SIGFPE] = SIGFPE, [AGENT_SIGABRT] = SIGABRT,
        [AGENT_SIGKILL] = SIGKILL, [AGENT_SIGSYS] = SIGSYS,
    };

    return s < ARRAY_LEN(numbers) ? numbers[s] : 0;
}

/* ---- bytes ---- */

struct cursor {
    const uint8_t *at;
    size_t left;
    bool bad; /* more was asked for than there is */
};

static uint64_t take(struct cursor *c, unsigned len)
{
    uint64_t v = 0;

    if (c->left < len) {
        c->bad = true;
        c->left = 0;
        return 0;
    }
    for (unsigned i = 0; i < len; i++) {
        v |= (uint64_t)c->at[i] << (8 * i);
    }
    c->at += len;
    c->left -= len;
    return v;
}

static struct cursor cursor_of(const struct agent_view *f)
{
    return (struct cursor){.at = f->data, .left = f->len};
}

/* All of it has been read and there was enough. */
static int check_all(const struct cursor *c, const char *what, struct err *e)
{
    if (c->bad) {
        return err_set(e, -EPROTO, "%s is too short", what);
    }
    return c->left ? err_set(e, -EPROTO, "%s is %zu bytes too long", what, c->left) : 0;
}

static int check_bool(uint64_t v, const char *what, struct err *e)
{
    return v > 1 ? err_set(e, -EPROTO, "%s is %" PRIu64 ", expected 0 or 1", what, v) : 0;
}

int agent_frame_next(const uint8_t *data, size_t len, struct agent_view *ret, size_t *used,
                     struct err *e)
{
    struct cursor c = {.at = data, .left = len};
    uint64_t size;

    if (len < HEAD) {
        return 0;
    }
    size = take(&c, HEAD);
    if (size == 0 || size > AGENT_FRAME_MAX) {
        return err_set(e, -EPROTO, "a frame of %" PRIu64 " bytes", size);
    }
    if (c.left < size) {
        return 0;
    }
    *ret = (struct agent_view){.type = data[HEAD], .data = data + HEAD + 1, .len = size - 1};
    *used = HEAD + size;
    return 1;
}

/* ---- HELLO ---- */

static int check_place(const struct record_place *p, struct err *e)
{
    uint64_t top = p->bits == 32 ? UINT32_MAX : UINT64_MAX;

    if (p->bits != 32 && p->bits != 64) {
        return err_set(e, -EPROTO, "HELLO has bits=%u", p->bits);
    }
    if (!u64_is_pow2(p->page) || p->page < 4096 || p->page > 65536) {
        return err_set(e, -EPROTO, "HELLO has pages of %" PRIu64 " bytes", p->page);
    }
    if (p->within.start > p->within.last || p->within.last > p->last || p->last > top ||
        !range_has(p->within, p->window) || !u64_is_aligned(p->window, p->page) ||
        !u64_is_aligned(p->within.start, p->page) || p->within.last % p->page != p->page - 1) {
        return err_set(e, -EPROTO,
                       "HELLO has window 0x%" PRIx64 " within 0x%" PRIx64 "-0x%" PRIx64
                       ", last 0x%" PRIx64,
                       p->window, p->within.start, p->within.last, p->last);
    }
    if (p->fixed_min > p->last || p->min_addr > p->last || p->release > RELEASE_MAX) {
        return err_set(e, -EPROTO,
                       "HELLO has lowest addresses 0x%" PRIx64 ", 0x%" PRIx64 ", release %u",
                       p->fixed_min, p->min_addr, p->release);
    }
    return 0;
}

static int take_arch(struct cursor *c, struct agent_hello *ret, struct err *e)
{
    uint64_t len = take(c, 1);

    if (len == 0 || len >= sizeof(ret->arch) || len > c->left) {
        return err_set(e, -EPROTO, "HELLO has an architecture of %" PRIu64 " bytes", len);
    }
    for (uint64_t i = 0; i < len; i++) {
        char x = (char)take(c, 1);

        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", x) || x == '\0') {
            return err_set(e, -EPROTO, "HELLO has an architecture with a byte 0x%x in it",
                           (unsigned)(uint8_t)x);
        }
        ret->arch[i] = x;
    }
    return 0;
}

int agent_read_hello(const struct agent_view *f, struct agent_hello *ret, struct err *e)
{
    struct cursor c = cursor_of(f);
    struct record_place *p = &ret->place;
    uint64_t magic = take(&c, 4);
    uint64_t version = take(&c, 2);
    uint64_t big, privileged, exec_only;
    int rc;

    *ret = (struct agent_hello){0};
    if (magic != AGENT_MAGIC || version != AGENT_VERSION) {
        return err_set(e, -EPROTO,
                       "HELLO has magic 0x%" PRIx64 " and version %" PRIu64
                       ", expected 0x%x and %d: is the agent of another build?",
                       magic, version, (unsigned)AGENT_MAGIC, AGENT_VERSION);
    }
    p->system = ABI_LINUX;
    p->bits = (unsigned)take(&c, 1);
    big = take(&c, 1);
    p->page = take(&c, 8);
    p->window = take(&c, 8);
    p->within.start = take(&c, 8);
    p->within.last = take(&c, 8);
    p->last = take(&c, 8);
    p->fixed_min = take(&c, 8);
    p->min_addr = take(&c, 8);
    privileged = take(&c, 1);
    exec_only = take(&c, 1);
    ret->anchor = take(&c, 8);
    p->release = (unsigned)take(&c, 4);
    ret->pid = (uint32_t)take(&c, 4);
    rc = take_arch(&c, ret, e);
    rc = rc < 0 ? rc : check_all(&c, "HELLO", e);
    rc = rc < 0 ? rc : check_bool(big, "HELLO's byte order", e);
    rc = rc < 0 ? rc : check_bool(privileged, "HELLO's privilege", e);
    rc = rc < 0 ? rc : check_bool(exec_only, "HELLO's exec_only", e);
    ret->big_endian = big;
    p->privileged = privileged;
    p->exec_only = exec_only;
    return rc < 0 ? rc : check_place(p, e);
}

/* ---- steps ---- */

int agent_read_begin(const struct agent_view *f, struct agent_begin *ret, struct err *e)
{
    struct cursor c = cursor_of(f);
    uint64_t what = take(&c, 1);

    ret->what = (enum record_what)what;
    ret->op = (uint32_t)take(&c, 4);
    ret->process = (uint32_t)take(&c, 4);
    if (what > RECORD_DONE) {
        return err_set(e, -EPROTO, "BEGIN of step kind %" PRIu64, what);
    }
    return check_all(&c, "BEGIN", e);
}

static int take_outcome(struct cursor *c, struct record_step *s, struct err *e)
{
    struct outcome *o = &s->step.outcome;
    uint64_t kind = take(c, 1);
    uint64_t mixed = take(c, 1);
    uint64_t poison = take(c, 1);
    uint64_t has_at = take(c, 1);
    int32_t code = (int32_t)take(c, 4);
    uint64_t signal = take(c, 1);
    uint64_t value = take(c, 8);
    int rc = 0;

    s->at = take(c, 8);
    if (kind > OUTCOME_SIGNAL || poison >= RECORD_POISON_COUNT || signal > AGENT_SIG_OTHER) {
        return err_set(e, -EPROTO,
                       "END with outcome %" PRIu64 ", poison %" PRIu64 ", signal %" PRIu64, kind,
                       poison, signal);
    }
    rc = check_bool(mixed, "END's mixed", e);
    rc = rc < 0 ? rc : check_bool(has_at, "END's has_at", e);
    *o = (struct outcome){
        .kind = (uint8_t)kind,
        .mixed = mixed,
        .err = kind == OUTCOME_FAIL ? code : 0,
        .signal = kind == OUTCOME_SIGNAL ? agent_signal_number((enum agent_signal)signal) : 0,
        .value = kind == OUTCOME_FAIL ? UINT64_MAX : value,
    };
    s->poison = (uint8_t)poison;
    s->has_at = has_at;
    return rc;
}

static struct region take_region(struct cursor *c)
{
    struct region g;

    memset(&g, 0, sizeof(g)); /* records compare regions as bytes */
    g.r.start = take(c, 8);
    g.r.last = take(c, 8);
    g.prot = (uint8_t)take(c, 1);
    g.kind = (uint8_t)take(c, 1);
    g.shared = take(c, 1) != 0;
    g.object = take(c, 8);
    g.offset = take(c, 8);
    return g;
}

static int take_regions(struct cursor *c, const struct record_place *place, struct region_vec *all,
                        struct err *e)
{
    enum { SIZE = 35 }; /* bytes of one */
    uint64_t n = take(c, 4);

    region_vec_clear(all);
    if (n > c->left / SIZE) {
        return err_set(e, -EPROTO, "END with %" PRIu64 " regions in %zu bytes", n, c->left);
    }
    for (uint64_t i = 0; i < n; i++) {
        struct region g = take_region(c);

        if (g.r.start > g.r.last || !range_contains(place->within, g.r) ||
            (i > 0 && g.r.start <= all->v[i - 1].r.last) || g.prot > REGION_RWX ||
            g.kind >= REGION_KIND_COUNT) {
            return err_set(e, -EPROTO,
                           "END with a region 0x%" PRIx64 "-0x%" PRIx64
                           " prot %u kind %u: behind the next, outside, or none",
                           g.r.start, g.r.last, g.prot, g.kind);
        }
        if (region_vec_push(all, g) < 0) {
            return err_set(e, -ENOMEM, "out of memory");
        }
    }
    return 0;
}

static int take_digests(struct cursor *c, struct record *r, struct record_step *s, struct err *e)
{
    enum { SIZE = 17 };
    uint64_t n = take(c, 4);

    if (n > c->left / SIZE || r->digests.n + n > DIGESTS_MAX) {
        return err_set(e, -EPROTO, "END with %" PRIu64 " digests in %zu bytes", n, c->left);
    }
    for (uint64_t i = 0; i < n; i++) {
        struct record_digest d = {.page = take(c, 8)};

        d.sum = take(c, 8);
        d.bytes = (uint8_t)take(c, 1);
        if (d.bytes > RECORD_BYTES_NONE) {
            return err_set(e, -EPROTO, "END with a digest of kind %u", d.bytes);
        }
        if (d.bytes == RECORD_BYTES_NONE) {
            d.sum = (uint64_t)agent_signal_number((enum agent_signal)d.sum);
        }
        if (record_put_digest(r, s, d) < 0) {
            return err_set(e, -ENOMEM, "out of memory");
        }
    }
    return 0;
}

int agent_read_end(const struct agent_view *f, struct record *r, struct record_step *s,
                   struct region_vec *all, struct err *e)
{
    struct cursor c = cursor_of(f);
    int rc = take_outcome(&c, s, e);
    uint64_t has_regions = take(&c, 1);

    rc = rc < 0 ? rc : check_bool(has_regions, "END's has_regions", e);
    rc = rc < 0 ? rc : take_regions(&c, &r->place, all, e);
    if (rc == 0 && r->regions.n + all->n > REGIONS_MAX) {
        rc = err_set(e, -EPROTO, "more than %d regions", REGIONS_MAX);
    }
    if (rc == 0 && has_regions && record_put_regions(r, s, all) < 0) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    rc = rc < 0 ? rc : take_digests(&c, r, s, e);
    return rc < 0 ? rc : check_all(&c, "END", e);
}

/* ---- the end of a program ---- */

int agent_read_paused(const struct agent_view *f, uint32_t *pid, struct err *e)
{
    struct cursor c = cursor_of(f);

    *pid = (uint32_t)take(&c, 4);
    return check_all(&c, "PAUSED", e);
}

int agent_read_done(const struct agent_view *f, struct agent_done *ret, struct err *e)
{
    struct cursor c = cursor_of(f);
    uint64_t how = take(&c, 1);

    ret->end = (enum agent_end)how;
    ret->how = (uint8_t)take(&c, 1);
    ret->pid = (uint32_t)take(&c, 4);
    if (how > AGENT_SIGNALED || (how == AGENT_SIGNALED && ret->how > AGENT_SIG_OTHER)) {
        return err_set(e, -EPROTO, "DONE with end %" PRIu64 ", %u", how, ret->how);
    }
    return check_all(&c, "DONE", e);
}
