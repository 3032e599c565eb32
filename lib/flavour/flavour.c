/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of built-in layers, and out-of-tree ones from shared objects. */
#include "flavour/flavour.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/int.h"

static const struct layer_ops *const layers[] = {&layer_linux, &layer_bsd};

const struct layer_ops *layer_nth(size_t n)
{
    return n < ARRAY_LEN(layers) ? layers[n] : NULL;
}

const struct layer_ops *layer_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(layers); i++) {
        if (strcmp(layers[i]->name, name) == 0) {
            return layers[i];
        }
    }
    return NULL;
}

/* The first function of the table that is missing, NULL if it is complete; mremap may be missing.
 */
static const char *missing_function(const struct layer_ops *ops)
{
#define HAVE(f) \
    if (!ops->f) { \
        return #f; \
    }
    HAVE(create)
    HAVE(destroy)
    HAVE(start)
    HAVE(mmap)
    HAVE(munmap)
    HAVE(mprotect)
    HAVE(msync)
    HAVE(madvise)
    HAVE(mmap_lock)
    HAVE(mmap_unlock)
    HAVE(have_mmap_lock)
    HAVE(mmap_fork_start)
    HAVE(mmap_fork_end)
    HAVE(translate)
    HAVE(page_unprotect)
    HAVE(page_dump)
    HAVE(counters)
#undef HAVE
    return NULL;
}

/* 0 if the table can be used; only abi_version may be read before it has been compared. */
static int check_table(const char *path, const struct layer_ops *ops, struct err *e)
{
    const char *missing;

    if (ops->abi_version == 0 || ops->abi_version > LAYER_ABI_VERSION) {
        return err_set(e, -EINVAL, "%s: layer ABI version %u, this program knows 1 to %u", path,
                       ops->abi_version, LAYER_ABI_VERSION);
    }
    if (!ops->name || ops->name[0] == '\0') {
        return err_set(e, -EINVAL, "%s: the layer has no name", path);
    }
    if (!ops->system ||
        (strcmp(ops->system, "linux") != 0 && strcmp(ops->system, "freebsd") != 0)) {
        return err_set(e, -EINVAL, "%s: the layer's system is \"%s\", expected linux or freebsd",
                       path, ops->system ? ops->system : "");
    }
    missing = missing_function(ops);
    if (missing) {
        return err_set(e, -EINVAL, "%s: the layer has no %s", path, missing);
    }
    return 0;
}

const struct layer_ops *layer_load(const char *path, struct err *e)
{
    const struct layer_ops *ops;
    struct buf file = BUF_INIT;
    void *object;

    /* A bare name is a file here, not something to look for among the system's libraries. */
    buf_fmt(&file, "%s%s", strchr(path, '/') ? "" : "./", path);
    object = dlopen(buf_text(&file), RTLD_NOW | RTLD_LOCAL);
    buf_free(&file);
    if (!object) {
        err_set(e, -ENOENT, "cannot load layer: %s", dlerror());
        return NULL;
    }
    ops = dlsym(object, LAYER_SYMBOL);
    if (!ops) {
        err_set(e, -EINVAL, "%s: not a layer, it has no symbol %s", path, LAYER_SYMBOL);
        dlclose(object);
        return NULL;
    }
    if (check_table(path, ops, e) != 0) {
        dlclose(object);
        return NULL;
    }
    return ops;
}
