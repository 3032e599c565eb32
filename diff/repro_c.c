/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reproducer as one C file: what it is and how to build it, the constants and functions that its
 * steps need, what must be there before the first step, the steps.
 */
#include "repro_c.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/files.h"
#include "op/text.h"

/* A guess at how much room placed maps need, where the record's own room is no process's. */
#define ROOM_64 (UINT64_C(1) << 40)
#define ROOM_32 (UINT64_C(1) << 29)
#define LOWEST UINT64_C(0x10000)
#define MARGIN (UINT64_C(2) << 20) /* beside the window: more than the gap that a stack keeps */

/* Constants that a C library may lack, with the numbers of each system; -1: it has none. */
struct constant {
    const char *name;
    int64_t value[ABI_SYSTEM_COUNT];
};

static const struct constant constants[] = {
#define MAPFLAG(name, neutral, linux_value, freebsd_value) \
    {#name, {(linux_value) ? (linux_value) : -1, (freebsd_value) ? (freebsd_value) : -1}},
#include "abi/mapflag.def"
#undef MAPFLAG
    {"MAP_SHARED_VALIDATE", {LINUX_MAP_SHARED_VALIDATE, -1}},
    {"PROT_SEM", {ABI_PROT_SEM, ABI_PROT_SEM}},
    {"PROT_GROWSDOWN", {ABI_PROT_GROWSDOWN, ABI_PROT_GROWSDOWN}},
    {"PROT_GROWSUP", {ABI_PROT_GROWSUP, ABI_PROT_GROWSUP}},
#define MREMAP(name, bit) {#name, {bit, -1}},
#include "abi/misc.def"
#define ADVICE(name, neutral, linux_value, freebsd_value) {#name, {linux_value, freebsd_value}},
#include "abi/misc.def"
};

/* What every system has had for ever. */
static bool is_everywhere(const char *name)
{
    static const char *const names[] = {
        "MAP_SHARED",  "MAP_PRIVATE",     "MAP_FIXED",     "MAP_ANONYMOUS", "MADV_NORMAL",
        "MADV_RANDOM", "MADV_SEQUENTIAL", "MADV_WILLNEED", "MADV_DONTNEED",
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether TEXT has NAME as a word. */
static bool has_word(const char *text, const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t len = strlen(name);

    for (const char *at = text; (at = strstr(at, name)) != NULL; at += len) {
        bool begins = at == text || !strchr(letters, at[-1]);

        if (begins && (at[len] == '\0' || !strchr(letters, at[len]))) {
            return true;
        }
    }
    return false;
}

static void print_constant(const char *name, const char *value, struct buf *out)
{
    buf_fmt(out, "#ifndef %.*s\n#define %s %s\n#endif\n", (int)strcspn(name, "("), name, name,
            value);
}

/* Those that TEXT uses. */
static void print_constants(const struct repro_c *c, const char *text, struct buf *out)
{
    size_t before = out->len;

    for (size_t i = 0; i < ARRAY_LEN(constants); i++) {
        const struct constant *k = &constants[i];
        char value[32];

        if (k->value[c->system] >= 0 && !is_everywhere(k->name) && has_word(text, k->name)) {
            snprintf(value, sizeof(value), "0x%" PRIx64, (uint64_t)k->value[c->system]);
            print_constant(k->name, value, out);
        }
    }
    if (c->system == ABI_FREEBSD && has_word(text, "MAP_ALIGNED")) {
        print_constant("MAP_ALIGNED(n)", "((n) << 24)", out);
    }
    if (c->system == ABI_FREEBSD && has_word(text, "PROT_MAX")) {
        print_constant("PROT_MAX(prot)", "((prot) << 16)", out);
    }
    if (out->len > before) {
        buf_u8(out, '\n');
    }
}

static const char *system_title(enum abi_system system)
{
    return system == ABI_LINUX ? "Linux" : "FreeBSD";
}

static void print_head(const struct repro_c *c, struct buf *out)
{
    const struct record_place *p = &c->r->record->place;

    buf_str(out, "/*\n");
    repro_comment(c->r->title, " * ", out);
    if (c->r->title && *c->r->title) {
        buf_str(out, " *\n");
    }
    buf_fmt(out,
            " * Memory calls of %s with pages of %" PRIu64
            " bytes, step by step. Expected is what the target\n"
            " * \"%s\" of twinmap showed. Exit status:\n"
            " *   0  every step did what is expected\n"
            " *   1  a step did not: which, and what it did, is said on standard error\n"
            " *   2  the steps cannot be taken here (other pages, no room): nothing is shown\n"
            " *\n"
            " *     cc -std=c11 -o repro repro.c && ./repro\n"
            " *     cc -std=c11 -static -o repro repro.c && qemu-ARCH ./repro\n",
            system_title(p->system), p->page, c->r->record->maker);
    if (c->space.room) {
        buf_str(out,
                " *\n"
                " * The steps look beside maps that the system placed. What is there depends on "
                "how it places\n"
                " * maps, so all other addresses are taken away from it first.\n");
    }
    buf_str(out, " */\n");
}

static void print_includes(const struct repro_c *c, struct buf *out)
{
    bool faults = repro_helpers_needed(c->needs) & UINT64_C(1) << HELPER_GO_OVER;
    bool files = c->needs & UINT64_C(1) << HELPER_FILE;
    bool forks = c->needs & UINT64_C(1) << HELPER_FORKS;
    bool lists = c->needs & UINT64_C(1) << HELPER_SHOWS;

    buf_fmt(out,
            "#ifndef _GNU_SOURCE\n#define _GNU_SOURCE\n#endif\n"
            "#ifndef _FILE_OFFSET_BITS\n#define _FILE_OFFSET_BITS 64\n#endif\n"
            "#if !defined(%s) && !defined(ANY_SYSTEM)\n"
            "#error these steps are for %s; -DANY_SYSTEM builds them elsewhere\n#endif\n"
            "#include <errno.h>\n%s%s#include <stdarg.h>\n#include <stdint.h>\n"
#include <stdio.h>
            "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <sys/mman.h>\n"
            "%s#include <sys/types.h>\n%s#include <unistd.h>\n\n",
            c->system == ABI_LINUX ? "__linux__" : "__FreeBSD__", system_title(c->system),
            files || lists ? "#include <fcntl.h>\n" : "",
            faults ? "#include <setjmp.h>\n#include <signal.h>\n" : "",
            files ? "#include <sys/syscall.h>\n" : "", forks ? "#include <sys/wait.h>\n" : "");
    buf_str(out, "#ifndef SECONDS\n#define SECONDS 60 /* that this may take, or it hangs: SIGALRM "
                 "ends it */\n#endif\n\n");
    if (c->wide) {
        buf_str(out, "#if UINTPTR_MAX <= 0xffffffff\n"
                     "#error these steps need addresses of 64 bits\n#endif\n\n");
    }
}

static void print_files(struct repro_c *c, struct buf *out)
{
    static const char *const modes[PROG_OPEN_COUNT] = {
        [PROG_RDWR] = "O_RDWR", [PROG_RDONLY] = "O_RDONLY", [PROG_WRONLY] = "O_WRONLY"};
    const struct prog *p = c->r->prog;

    for (size_t i = 0; i < p->files.n; i++) {
        const struct prog_file *f = &p->files.v[i];
        struct host_file_extent x = host_files_extent(f->size, p->files.n);

        if (c->files[i]) {
            repro_c_need(c, HELPER_FILE);
            buf_fmt(out, "    int f%zu = file(%zu, %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %s);\n",
                    i, i, f->size, x.head, x.tail, modes[f->open]);
        }
    }
}

static void put_call(struct repro_c *c, const char *call, uint64_t a, uint64_t b, struct buf *out)
{
    buf_fmt(out, "    %s(", call);
    repro_c_number(c, a, out);
    buf_str(out, ", ");
    repro_c_number(c, b, out);
}

/* LOW is a number of bytes behind "@0", or before it. */
static void put_window(struct repro_c *c, uint64_t low, uint64_t size, struct buf *out)
{
    repro_c_need(c, HELPER_FIND_WINDOW);
    if (low > INT64_MAX) {
        buf_str(out, "    find_window((uintptr_t)0 - ");
        repro_c_number(c, 0 - low, out);
    } else {
        buf_str(out, "    find_window(");
        repro_c_number(c, low, out);
    }
    buf_str(out, ", ");
    repro_c_number(c, size, out);
    buf_str(out, ");\n");
}

static void put_window_at(struct repro_c *c, uint64_t window, struct buf *out)
{
    repro_c_need(c, HELPER_WINDOW);
    buf_str(out, "    window = ");
    repro_c_number(c, window, out);
    buf_str(out, ";\n");
}

/* The window where it was in the record, with nothing in it. */
static void print_pinned(struct repro_c *c, struct buf *out)
{
    const struct record_place *p = &c->r->record->place;
    struct range r = c->space.window;

    put_window_at(c, p->window, out);
    r = (struct range){u64_max(r.start, LOWEST), u64_min(r.last, p->last)};
    if (r.start <= r.last) {
        repro_c_need(c, HELPER_NEED_FREE);
        put_call(c, "need_free", r.start, r.last - r.start + 1, out);
        buf_str(out, ");\n");
    }
}

static void print_room(struct repro_c *c, struct buf *out)
{
    const struct record_place *p = &c->r->record->place;
    const struct range *w = &c->space.window;
    uint64_t size = p->bits == 32 ? ROOM_32 : ROOM_64;
    uint64_t low = 0;

    repro_c_need(c, HELPER_MAKE_ROOM);
    if (p->window != 0) {
        if (c->needs & UINT64_C(1) << HELPER_AT) {
            put_window_at(c, p->window, out);
        }
        put_call(c, "make_room", u64_max(p->within.start, LOWEST), p->within.last, out);
        buf_str(out, ", ");
        repro_c_number(c, p->taken.last ? range_len(p->taken) : 0, out);
        buf_str(out, ");\n");
        return;
    }
    if (c->space.has_window) {
        low = u64_align_down(w->start, MARGIN);
        size = u64_max(size, u64_align_up_wrap(w->last - low + 1, MARGIN) + MARGIN);
    }
    if (c->space.has_window && c->space.pinned) {
        put_window_at(c, 0, out);
        low = u64_max(low, LOWEST);
    } else {
        put_window(c, low, size, out);
    }
    buf_str(out, low ? "    make_room(window + " : "    make_room(window");
    if (low) {
        repro_c_number(c, low, out);
    }
    buf_str(out, ", window + ");
    repro_c_number(c, low + size - 1, out);
    buf_str(out, ", 0);\n");
}

static void print_window(struct repro_c *c, struct buf *out)
{
    const struct record_place *p = &c->r->record->place;
    const struct range *w = &c->space.window;
    bool named = c->needs & UINT64_C(1) << HELPER_AT;
    uint64_t low;

    if (c->space.room) {
        print_room(c, out);
    } else if (c->space.has_window && c->space.pinned) {
        print_pinned(c, out);
    } else if (c->space.has_window) {
        low = u64_align_down(w->start, MARGIN) - MARGIN;
        if (w->start - p->window < MARGIN) { /* nothing is below address 0 of a guest */
            low = u64_align_down(w->start, MARGIN);
        }
        put_window(c, low - p->window, u64_align_up_wrap(w->last + 1, MARGIN) + MARGIN - low, out);
    } else if (named) {
        put_window_at(c, p->window, out);
    }
}

/* What is done before the first step. */
static void print_setup(struct repro_c *c, struct buf *out)
{
    const struct record_place *p = &c->r->record->place;

    buf_fmt(out,
            "    alarm(SECONDS);\n"
            "    if (sysconf(_SC_PAGESIZE) != %" PRIu64 ") {\n"
            "        cannot(\"pages are not of %" PRIu64 " bytes\");\n    }\n",
            p->page, p->page);
    if (p->bits == 32) {
        buf_str(out, "    if (sizeof(void *) != 4) {\n"
                     "        cannot(\"these steps are for addresses of 32 bits\");\n    }\n");
    }
    if (repro_helpers_needed(c->needs) & UINT64_C(1) << HELPER_GO_OVER) {
        buf_str(out, "    catch_faults();\n");
    }
    print_files(c, out);
    for (size_t i = 0; i < c->space.free.n; i++) {
        const struct range *r = &c->space.free.v[i];

        repro_c_need(c, HELPER_NEED_FREE);
        put_call(c, "need_free", r->start, range_len(*r), out);
        buf_str(out, ");\n");
    }
    print_window(c, out);
    buf_u8(out, '\n');
}

static int refuse(const struct prog *p, struct err *e)
{
    for (size_t i = 0; i < p->ops.n; i++) {
        enum op_kind kind = (enum op_kind)p->ops.v[i].kind;

        if (kind == OP_host_fail || kind == OP_exec) {
            return err_set(e, -ENOTSUP, "op %zu, %s: no C program can say it", i + 1,
                           op_descs[kind].name);
        }
    }
    return 0;
}

static void assemble(struct repro_c *c, struct buf *out)
{
    struct buf setup = BUF_INIT;
    struct buf rest = BUF_INIT;

    repro_c_steps(c);
    print_setup(c, &setup);
    repro_helpers_print(c->needs | UINT64_C(1) << HELPER_BASE, c->system, &rest);
    buf_fmt(&rest, "int main(void)\n{\n%s%s    return 0;\n}\n", buf_text(&setup),
            buf_text(&c->body));
    print_head(c, out);
    print_includes(c, out);
    print_constants(c, buf_text(&rest), out);
    buf_str(out, buf_text(&rest));
    out->failed |= setup.failed || rest.failed || c->body.failed;
    buf_free(&setup);
    buf_free(&rest);
}

int repro_c(const struct repro *r, struct buf *out, struct err *e)
{
    struct repro_c *c = calloc(1, sizeof(*c));
    int rc = refuse(r->prog, e);

    if (!c) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    c->r = r;
    c->system = r->record->place.system;
    if (rc == 0 && repro_steps_make(&c->steps, r) < 0) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    if (rc == 0) {
        rc = repro_space_find(&c->space, r, &c->steps, e);
    }
    if (rc == 0) {
        assemble(c, out);
        rc = buf_failed(out) ? err_set(e, -ENOMEM, "out of memory") : 0;
    }
    if (rc == 0 && r->maps && !(c->needs & UINT64_C(1) << HELPER_SHOWS)) {
        rc = err_set(e, -ENOTSUP, "no map to look up: the program names nothing by \"@\"");
    }
    repro_space_free(&c->space);
    repro_steps_free(&c->steps);
    buf_free(&c->body);
    free(c);
    return rc;
}
