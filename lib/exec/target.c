/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target specs: a layer's name or path, then key=value options that win over a program's
 * configuration.
 */
#include "exec/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/abi.h"
#include "base/int.h"
#include "exec/kernel.h"
#include "exec/machine.h"
#include "exec/target_agent.h"

#define HOSTS "real, sim-linux or sim-freebsd"
#define LINUX_HOSTS "real or sim-linux"
#define AVAILABLE "linux, bsd, model-linux, model-freebsd, kernel, qemu-ARCH, cmd:COMMAND, so:PATH"

/* Targets that are no layers. */
static const struct {
    const char *name;
    enum target_kind kind;
    enum abi_system system;
    const char *note;
} others[] = {
    {"model-linux", TARGET_MODEL, ABI_LINUX, "the executable specification of Linux"},
    {"model-freebsd", TARGET_MODEL, ABI_FREEBSD, "the executable specification of FreeBSD"},
    {"kernel", TARGET_KERNEL, ABI_LINUX, "the program as native system calls in a child process"},
};

static int parse_number(const char *key, const char *text, uint64_t *ret, struct err *e)
{
    char *rest;

    errno = 0;
    *ret = strtoull(text, &rest, 0);
    if (text[0] < '0' || text[0] > '9' || *rest != '\0' || errno != 0) {
        return err_set(e, -EINVAL, "target option %s: read '%s', expected a decimal or hex number",
                       key, text);
    }
    return 0;
}

static int given_twice(const char *key, struct err *e)
{
    return err_set(e, -EINVAL, "target option %s: given twice", key);
}

static int parse_host(struct target_spec *ret, const char *value, struct err *e)
{
    if (ret->host[0]) {
        return given_twice("host", e);
    }
    if (!machine_find(value)) {
        return err_set(e, -EINVAL, "target option host: read '%s', expected " HOSTS, value);
    }
    snprintf(ret->host, sizeof(ret->host), "%s", value);
    return 0;
}

static int parse_option(struct target_spec *ret, char *option, struct err *e)
{
    char *value = strchr(option, '=');
    enum config_key key;
    uint64_t number;
    int rc;

    if (!value) {
        return err_set(e, -EINVAL, "target option: read '%s', expected KEY=VALUE", option);
    }
    *value++ = '\0';
    if (ret->kind == TARGET_KERNEL) {
        return err_set(e, -EINVAL, "target option: read '%s', but the native kernel has no options",
                       option);
    }
    if (strcmp(option, "host") == 0 && ret->kind == TARGET_LAYER) {
        return parse_host(ret, value, e);
    }
    key = config_key_parse(option, strlen(option));
    if (key == CONFIG_KEY_COUNT) {
        return err_set(e, -EINVAL,
                       "target option: read '%s', expected %sguest_page, host_page, bits, "
                       "reserved or guest_base%s",
                       option, ret->kind == TARGET_LAYER ? "host, " : "",
                       ret->kind == TARGET_LAYER ? "" : "; a model runs on no host");
    }
    if (ret->override.given & (1u << key)) {
        return given_twice(option, e);
    }
    rc = parse_number(option, value, &number, e);
    return rc < 0 ? rc : config_set(&ret->override, key, number, e);
}

/* A target that is no layer; false if NAME is none of them. */
static bool find_other(struct target_spec *ret, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (strcmp(others[i].name, name) == 0) {
            ret->kind = others[i].kind;
            ret->system = others[i].system;
            return true;
        }
    }
    return false;
}

static int find_layer(struct target_spec *ret, const char *name, struct err *e)
{
    if (strncmp(name, "so:", 3) == 0) {
        if (name[3] == '\0') {
            return err_set(e, -EINVAL, "target 'so:' names no file, expected so:PATH");
        }
        ret->layer = layer_load(name + 3, e);
        return ret->layer ? 0 : -ENOENT;
    }
    ret->layer = layer_find(name);
    if (ret->layer || find_other(ret, name)) {
        return 0;
    }
    return err_set(e, -ENOENT, "unknown target '%s'; there are " AVAILABLE, name);
}

/* Each value is legal by itself: what RESERVED may be hangs on the others. */
static int check_together(const struct prog_config *c, struct err *e)
{
    struct err why;

    if (config_check(c, &why) == 0) {
        return 0;
    }
    return err_set(e, -EINVAL,
                   "target option reserved: read 0x%" PRIx64 ", expected %s, here bits=%" PRIu64
                   " and host pages of %" PRIu64,
                   c->value[CONFIG_RESERVED], config_expected(CONFIG_RESERVED),
                   c->value[CONFIG_BITS], config_effective_host_page(c));
}

/* What a Linux layer promises its guest, it leaves to calls that a Linux host alone has. */
static int check_host(const struct target_spec *spec, struct err *e)
{
    if (spec->system == ABI_LINUX && strcmp(spec->host, machine_sim_freebsd.name) == 0) {
        return err_set(e, -EINVAL,
                       "target '%s': a Linux layer needs a Linux host (" LINUX_HOSTS
                       "): %s has no mremap, and its MADV_DONTNEED does not zero",
                       spec->layer->name, spec->host);
    }
    return 0;
}

int target_parse(struct target_spec *ret, const char *text, struct err *e)
{
    char words[sizeof(ret->text)];
    char *rest = words;
    int rc;

    *ret = (struct target_spec){.override = PROG_CONFIG_DEFAULT};
    if (strlen(text) >= sizeof(words)) {
        return err_set(e, -EINVAL, "target: longer than %zu characters", sizeof(words) - 1);
    }
    snprintf(words, sizeof(words), "%s", text);
    snprintf(ret->text, sizeof(ret->text), "%s", text);
    if (target_agent_is(text)) {
        return target_agent_parse(ret, text, e);
    }
    rc = find_layer(ret, strsep(&rest, ","), e);
    while (rc == 0 && rest) {
        rc = parse_option(ret, strsep(&rest, ","), e);
    }
    if (!ret->host[0]) {
        snprintf(ret->host, sizeof(ret->host), "real");
    }
    rc = rc < 0 ? rc : check_together(&ret->override, e);
    if (rc < 0 || ret->kind != TARGET_LAYER) {
        return rc;
    }
    ret->system =
        strcmp(ret->layer->system, abi_system_name(ABI_FREEBSD)) == 0 ? ABI_FREEBSD : ABI_LINUX;
    return check_host(ret, e);
}

static bool fill(struct target_status *ret, const char *name, bool available, const char *note)
{
    *ret = (struct target_status){0};
    ret->available = available;
    snprintf(ret->name, sizeof(ret->name), "%s", name);
    snprintf(ret->note, sizeof(ret->note), "%s", note);
    return true;
}

static bool fill_other(struct target_status *ret, size_t i)
{
    const char *why = "";

    if (others[i].kind == TARGET_KERNEL && !kernel_available(&why)) {
        return fill(ret, others[i].name, false, why);
    }
    (void)fill(ret, others[i].name, true, others[i].note);
    if (others[i].kind == TARGET_KERNEL) {
        ret->bits = 8 * sizeof(long);
        ret->page = (uint64_t)sysconf(_SC_PAGESIZE);
    }
    return true;
}

bool target_status_nth(size_t n, struct target_status *ret)
{
    const struct layer_ops *layer = layer_nth(n);
    size_t n_layers = 0;
    char note[sizeof(ret->note)];

    if (layer) {
        bool narrow = strcmp(layer->system, abi_system_name(ABI_LINUX)) == 0;

        snprintf(note, sizeof(note), "the %s flavour of the layer; host=%s", layer->name,
                 narrow ? LINUX_HOSTS " (a Linux layer needs a Linux host)" : HOSTS);
        return fill(ret, layer->name, true, note);
    }
    while (layer_nth(n_layers)) {
        n_layers++;
    }
    n -= n_layers;
    if (n == 0) {
        return fill(ret, "so:PATH", true,
                    "a layer of your own: a shared object that exports " LAYER_SYMBOL
                    "; hosts as the flavour of its system");
    }
    n--;
    if (n < ARRAY_LEN(others)) {
        return fill_other(ret, n);
    }
    return target_agent_status(n - ARRAY_LEN(others), ret);
}

void target_status_of(const struct target_spec *spec, struct target_status *ret)
{
    if (spec->kind == TARGET_AGENT) {
        target_agent_status_of(spec, ret);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (spec->kind == others[i].kind && spec->system == others[i].system) {
            (void)fill_other(ret, i);
            snprintf(ret->name, sizeof(ret->name), "%s", spec->text);
            return;
        }
    }
    (void)fill(ret, spec->text, true, "a layer");
}

bool target_available(const struct target_spec *spec, struct err *why)
{
    struct words command = WORDS_INIT;
    const char *text = "";
    int rc = 0;

    if (spec->kind == TARGET_KERNEL && !kernel_available(&text)) {
        rc = err_set(why, -ENOTSUP, "%s", text);
    } else if (spec->kind == TARGET_AGENT) {
        rc = target_agent_command(spec, &command, why);
    }
    words_free(&command);
    return rc != -ENOTSUP;
}
