/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/arch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/int.h"

#define AGENTS_VARIABLE "TWINMAP_AGENTS"

static const struct arch_desc rows[] = {
#define ARCH(name, bits, page, big, emulator, compiler) {name, bits, page, big, emulator, compiler},
#include "exec/arch.def"
#undef ARCH
};

const struct arch_desc *arch_nth(size_t n)
{
    return n < ARRAY_LEN(rows) ? &rows[n] : NULL;
}

const struct arch_desc *arch_find(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const struct arch_desc *arch_native(void)
{
    struct utsname u;

    return uname(&u) == 0 ? arch_find(u.machine, strlen(u.machine)) : NULL;
}

static bool is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool try_path(struct buf *path, const char *folder, size_t len, const char *name)
{
    buf_clear(path);
    buf_add(path, folder, len);
    buf_fmt(path, "%s%s", len ? "/" : "./", name);
    return !buf_failed(path) && is_program(path->data);
}

bool arch_find_program(const char *name, struct buf *path)
{
    const char *folders = getenv("PATH");

    if (strchr(name, '/')) {
        buf_clear(path);
        buf_str(path, name);
        return !buf_failed(path) && is_program(path->data);
    }
    for (const char *at = folders ? folders : "/usr/bin:/bin"; at; at = strchr(at, ':')) {
        at += *at == ':';
        if (try_path(path, at, strcspn(at, ":"), name)) {
            return true;
        }
    }
    return false;
}

/* Where this executable lies, "/agent" behind it. */
static void own_folder(struct buf *out)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    self[n > 0 ? n : 0] = '\0';
    slash = strrchr(self, '/');
    buf_clear(out);
    if (slash) {
        buf_add(out, self, (size_t)(slash - self));
        buf_str(out, "/agent");
    }
}

bool arch_find_agent(const struct arch_desc *a, struct buf *path, struct buf *why)
{
    const char *chosen = getenv(AGENTS_VARIABLE);
    struct buf folder = BUF_INIT;
    struct buf name = BUF_INIT;
    bool found;

    buf_fmt(&name, "twinmap-agent-%s", a->name);
    own_folder(&folder);
    found = chosen && chosen[0]
                ? try_path(path, chosen, strlen(chosen), buf_text(&name))
                : try_path(path, buf_text(&folder), folder.len, buf_text(&name)) ||
                      try_path(path, TWINMAP_LIBEXEC, strlen(TWINMAP_LIBEXEC), buf_text(&name));
    if (!found) {
        buf_clear(why);
        buf_fmt(why, "%s is not in %s: build twinmap where the package %s is installed",
                buf_text(&name), chosen && chosen[0] ? chosen : buf_text(&folder),
                a->compiler_package);
    }
    buf_free(&folder);
    buf_free(&name);
    return found;
}

bool arch_find_emulator(const struct arch_desc *a, const char *bin, struct buf *path,
                        struct buf *why)
{
    struct buf name = BUF_INIT;
    bool found;

    buf_fmt(&name, "qemu-%s", a->name);
    found = arch_find_program(bin && bin[0] ? bin : buf_text(&name), path);
    if (!found) {
        buf_clear(why);
        if (bin && bin[0]) {
            buf_fmt(why, "%s is no program", bin);
        } else {
            buf_fmt(why, "%s is not in PATH: it comes with the package %s", buf_text(&name),
                    a->emulator_package);
        }
    }
    buf_free(&name);
    return found;
}
