/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of the public calls (layer.md 11), in the spirit of QEMU's -d page: one line at entry
 * with the arguments as given, one at exit, and the page flags after a call that changed them.
 * Without a sink it costs one test; errno stays as it was.
 */
#include "flavour/layer_int.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/int.h"

/* How a call's arguments are shown: x a number, p rights, s a signed number. */
struct call_form {
    const char *name;
    const char *args;
    bool changes; /* success may have changed the page flags */
};

static const struct call_form forms[] = {
    {"mmap", "", true},        {"munmap", "xx", true},  {"mprotect", "xxp", true},
    {"mremap", "xxxxx", true}, {"msync", "xxx", false}, {"madvise", "xxx", false},
};

struct flag_name {
    const char *name;
    uint32_t linux_value;
    uint32_t freebsd_value;
};

static const struct flag_name flag_names[] = {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) {#name, linux_value, freebsd_value},
#include "abi/mapflag.def"
#undef MAPFLAG
};

static const struct call_form *form_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (strcmp(forms[i].name, name) == 0) {
            return &forms[i];
        }
    }
    return NULL;
}

static bool is_linux(void)
{
    return strcmp(flavour_facts.system, "linux") == 0;
}

/* Hand the line on and forget it; without memory for it there is no line. */
static void put_line(struct layer *l, struct buf *line)
{
    if (!buf_failed(line)) {
        l->setup.log(l->setup.arg, buf_text(line));
    }
    buf_clear(line);
}

/* "rw-", and what is given beside the three letters in hex. */
static void add_rights(struct buf *b, uint64_t prot)
{
    buf_fmt(b, "%c%c%c", prot & PAGE_READ ? 'r' : '-', prot & PAGE_WRITE ? 'w' : '-',
            prot & PAGE_EXEC ? 'x' : '-');
    if (prot & ~(uint64_t)PAGE_BITS) {
        buf_fmt(b, "|0x%" PRIx64, prot & ~(uint64_t)PAGE_BITS);
    }
}

static void add_argument(struct buf *b, char form, uint64_t value)
{
    if (form == 'p') {
        add_rights(b, value);
    } else if (form == 's') {
        buf_fmt(b, "%" PRId64, (int64_t)value);
    } else {
        buf_fmt(b, "0x%" PRIx64, value);
    }
}

static void add_map_flags(struct buf *b, uint32_t flags)
{
    const char *between = "";

    for (size_t i = 0; i < ARRAY_LEN(flag_names); i++) {
        uint32_t bit = is_linux() ? flag_names[i].linux_value : flag_names[i].freebsd_value;

        if (bit && (flags & bit) == bit) {
            buf_fmt(b, "%s%s", between, flag_names[i].name);
            between = "|";
            flags &= ~bit;
        }
    }
    if (!is_linux() && (flags & FREEBSD_MAP_ALIGNED_MASK)) {
        buf_fmt(b, "%sMAP_ALIGNED(%u)", between, flags >> FREEBSD_MAP_ALIGNED_SHIFT);
        between = "|";
        flags &= ~FREEBSD_MAP_ALIGNED_MASK;
    }
    if (flags || *between == '\0') {
        buf_fmt(b, "%s0x%x", between, flags);
    }
}

void log_mmap(struct layer *l, gaddr start, uint64_t len, int prot, uint32_t flags, int fd,
              uint64_t offset)
{
    struct buf line = BUF_INIT;
    int saved = errno;

    if (!l->setup.log) {
        return;
    }
    buf_fmt(&line, "mmap(0x%" PRIx64 ", 0x%" PRIx64 ", ", start, len);
    add_rights(&line, (uint32_t)prot);
    buf_str(&line, ", ");
    add_map_flags(&line, flags);
    buf_fmt(&line, ", %d, 0x%" PRIx64 ")", fd, offset);
    put_line(l, &line);
    buf_free(&line);
    errno = saved;
}

void log_call(struct layer *l, const char *name, const uint64_t *args, size_t n)
{
    const struct call_form *form;
    struct buf line = BUF_INIT;
    int saved = errno;

    if (!l->setup.log) {
        return;
    }
    form = form_of(name);
    buf_fmt(&line, "%s(", name);
    for (size_t i = 0; i < n; i++) {
        buf_str(&line, i ? ", " : "");
        add_argument(&line, form && i < strlen(form->args) ? form->args[i] : 'x', args[i]);
    }
    buf_str(&line, ")");
    put_line(l, &line);
    buf_free(&line);
    errno = saved;
}

struct dump {
    struct layer *l;
    struct buf line;
};

static int dump_run(void *arg, const struct layer_run *run)
{
    struct dump *d = arg;

    buf_fmt(&d->line, "%016" PRIx64 "-%016" PRIx64 " %016" PRIx64 " ", run->start, run->last,
            run->last - run->start + 1);
    add_rights(&d->line, run->flags & PAGE_BITS);
    put_line(d->l, &d->line);
    return 0;
}

static void dump_pages(struct layer *l, struct buf *line)
{
    struct dump d = {.l = l, .line = *line};

    buf_fmt(&d.line, "%-16s-%-16s %-16s prot", "start", "last", "size");
    put_line(l, &d.line);
    layer_page_dump(l, dump_run, &d);
    *line = d.line;
}

void log_result(struct layer *l, const char *name, uint64_t result, bool failed)
{
    const struct call_form *form;
    struct buf line = BUF_INIT;
    int saved = errno;

    if (!l->setup.log) {
        return;
    }
    if (failed) {
        const char *text = abi_errno_name(abi_errno_from_host(saved));

        buf_fmt(&line, "%s = -1 errno %d%s%s", name, saved, text ? " " : "", text ? text : "");
    } else {
        buf_fmt(&line, "%s = 0x%" PRIx64, name, result);
    }
    put_line(l, &line);
    form = form_of(name);
    if (!failed && form && form->changes) {
        dump_pages(l, &line);
    }
    buf_free(&line);
    errno = saved;
}
