/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/target_agent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/int.h"

#define QEMU "qemu-"
#define CMD "cmd:"
#define PLACE "{}" /* of a command: where the agent's path belongs */

/* Options of the emulator that are numbers, by their names there. */
static const char numbers[TARGET_AGENT_NUMBERS] = {'p', 'R', 'B'};

bool target_agent_is(const char *name)
{
    return strncmp(name, QEMU, strlen(QEMU)) == 0 || strncmp(name, CMD, strlen(CMD)) == 0;
}

/* ---- qemu-ARCH ---- */

static int unknown_arch(const char *name, size_t len, struct err *e)
{
    struct buf all = BUF_INIT;

    for (size_t i = 0; arch_nth(i); i++) {
        buf_fmt(&all, "%s%s", i ? ", " : "", arch_nth(i)->name);
    }
    err_set(e, -ENOENT, "unknown architecture '%.*s'; there are agents for %s", (int)len, name,
            buf_text(&all));
    buf_free(&all);
    return -ENOENT;
}

static int take_number(struct target_agent *a, size_t i, const char *value, struct err *e)
{
    char *rest;

    if (a->given & (1u << i)) {
        return err_set(e, -EINVAL, "target option %c: given twice", numbers[i]);
    }
    errno = 0;
    a->number[i] = strtoull(value, &rest, 0);
    if (value[0] < '0' || value[0] > '9' || *rest != '\0' || errno != 0) {
        return err_set(e, -EINVAL, "target option %c: read '%s', expected a decimal or hex number",
                       numbers[i], value);
    }
    if (numbers[i] == 'p' && !u64_is_pow2(a->number[i])) {
        return err_set(e, -EINVAL, "target option p: read '%s', expected a power of two", value);
    }
    a->given |= (uint8_t)(1u << i);
    return 0;
}

static int take_text(char *to, size_t size, const char *key, const char *value, struct err *e)
{
    if (to[0]) {
        return err_set(e, -EINVAL, "target option %s: given twice", key);
    }
    if (!value[0]) {
        return err_set(e, -EINVAL, "target option %s: names nothing", key);
    }
    snprintf(to, size, "%s", value);
    return 0;
}

static int take_hang(struct target_agent *a, const char *value, struct err *e)
{
    char *rest;
    unsigned long ms = strtoul(value, &rest, 10);

    if (a->hang_ms) {
        return err_set(e, -EINVAL, "target option hang: given twice");
    }
    if (value[0] < '1' || value[0] > '9' || *rest != '\0' || ms > 3600 * 1000) {
        return err_set(e, -EINVAL, "target option hang: read '%s', expected milliseconds", value);
    }
    a->hang_ms = (unsigned)ms;
    return 0;
}

static int take_host_view(struct target_agent *a, const char *value, struct err *e)
{
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0) {
        return err_set(e, -EINVAL, "target option hostview: read '%s', expected 0 or 1", value);
    }
    a->host_view = value[0] == '1';
    return 0;
}

static int take_qemu_option(struct target_spec *ret, char *option, struct err *e)
{
    struct target_agent *a = &ret->agent;
    char *value = strchr(option, '=');

    if (!value) {
        return err_set(e, -EINVAL, "target option: read '%s', expected KEY=VALUE", option);
    }
    *value++ = '\0';
    for (size_t i = 0; i < TARGET_AGENT_NUMBERS; i++) {
        if (option[0] == numbers[i] && option[1] == '\0') {
            return take_number(a, i, value, e);
        }
    }
    if (strcmp(option, "bin") == 0) {
        return take_text(a->command, sizeof(a->command), "bin", value, e);
    }
    if (strcmp(option, "hang") == 0) {
        return take_hang(a, value, e);
    }
    if (strcmp(option, "hostview") == 0) {
        return take_host_view(a, value, e);
    }
    return err_set(e, -EINVAL,
                   "target option: read '%s', expected p, R, B (numbers, as the emulator has "
                   "them), bin (its path), hang (milliseconds) or hostview (0, 1)",
                   option);
}

static int parse_qemu(struct target_spec *ret, char *words, struct err *e)
{
    char *rest = words;
    char *name = strsep(&rest, ",");
    const char *arch = name + strlen(QEMU);
    int rc = 0;

    ret->agent.arch = arch_find(arch, strlen(arch));
    if (!ret->agent.arch) {
        return unknown_arch(arch, strlen(arch), e);
    }
    ret->agent.emulator = true;
    snprintf(ret->agent.family, sizeof(ret->agent.family), "%s", name);
    while (rc == 0 && rest) {
        rc = take_qemu_option(ret, strsep(&rest, ","), e);
    }
    return rc;
}

/* ---- cmd:COMMAND ---- */

/* The option at the end of a command: a command may hold commas of its own. */
static char *last_option(char *command)
{
    char *comma = strrchr(command, ',');

    return comma && (strncmp(comma, ",agent=", 7) == 0 || strncmp(comma, ",hang=", 6) == 0 ||
                     strncmp(comma, ",hostview=", 10) == 0)
               ? comma
               : NULL;
}

static int take_cmd_option(struct target_spec *ret, char *option, struct err *e)
{
    char *value = strchr(option, '=') + 1;

    if (strncmp(option, "hostview", 8) == 0) {
        return take_host_view(&ret->agent, value, e);
    }
    if (option[0] == 'h') {
        return take_hang(&ret->agent, value, e);
    }
    if (ret->agent.arch) {
        return err_set(e, -EINVAL, "target option agent: given twice");
    }
    ret->agent.arch = arch_find(value, strlen(value));
    return ret->agent.arch ? 0 : unknown_arch(value, strlen(value), e);
}

/* "cmd:valgrind": what is run, without its folder and options. */
static void name_family(struct target_agent *a, const char *word)
{
    const char *slash = strrchr(word, '/');

    snprintf(a->family, sizeof(a->family), CMD "%s", slash ? slash + 1 : word);
}

static int parse_cmd(struct target_spec *ret, char *words, struct err *e)
{
    struct words w = WORDS_INIT;
    char *command = words + strlen(CMD);
    char *option;
    int rc = 0;

    while (rc == 0 && (option = last_option(command)) != NULL) {
        *option = '\0';
        rc = take_cmd_option(ret, option + 1, e);
    }
    rc = rc < 0 ? rc : words_split(&w, command, e);
    if (rc == 0 && w.n == 0) {
        rc = err_set(e, -EINVAL, "target '%s' names no command, expected cmd:COMMAND", ret->text);
    }
    if (rc == 0) {
        name_family(&ret->agent, w.v[0]);
        snprintf(ret->agent.command, sizeof(ret->agent.command), "%s", command);
        ret->agent.arch = ret->agent.arch ? ret->agent.arch : arch_native();
    }
    if (rc == 0 && !ret->agent.arch) {
        rc = err_set(e, -EINVAL, "target '%s': name the architecture of its agent by agent=ARCH",
                     ret->text);
    }
    words_free(&w);
    return rc;
}

int target_agent_parse(struct target_spec *ret, const char *text, struct err *e)
{
    char words[sizeof(ret->text)];

    snprintf(words, sizeof(words), "%s", text);
    ret->kind = TARGET_AGENT;
    ret->system = ABI_LINUX;
    return text[0] == 'q' ? parse_qemu(ret, words, e) : parse_cmd(ret, words, e);
}

/* ---- the command ---- */

static int add(struct words *to, const char *word, struct err *e)
{
    return words_add(to, word) < 0 ? err_set(e, -ENOMEM, "out of memory") : 0;
}

static int qemu_command(const struct target_agent *a, const char *agent, struct words *ret,
                        struct err *e)
{
    struct buf path = BUF_INIT;
    struct buf why = BUF_INIT;
    char word[32];
    int rc = arch_find_emulator(a->arch, a->command, &path, &why)
                 ? add(ret, buf_text(&path), e)
                 : err_set(e, -ENOTSUP, "%s", buf_text(&why));

    for (size_t i = 0; rc == 0 && i < TARGET_AGENT_NUMBERS; i++) {
        if (a->given & (1u << i)) {
            snprintf(word, sizeof(word), "-%c", numbers[i]);
            rc = add(ret, word, e);
            snprintf(word, sizeof(word), numbers[i] == 'p' ? "%" PRIu64 : "0x%" PRIx64,
                     a->number[i]);
            rc = rc < 0 ? rc : add(ret, word, e);
        }
    }
    buf_free(&path);
    buf_free(&why);
    return rc < 0 ? rc : add(ret, agent, e);
}

static int cmd_command(const struct target_agent *a, const char *agent, struct words *ret,
                       struct err *e)
{
    struct words w = WORDS_INIT;
    struct buf path = BUF_INIT;
    bool placed = false;
    int rc = words_split(&w, a->command, e);

    if (rc == 0 && !arch_find_program(w.v[0], &path)) {
        rc = err_set(e, -ENOTSUP, "%s: no such program", w.v[0]);
    }
    for (size_t i = 0; rc == 0 && i < w.n; i++) {
        bool here = strcmp(w.v[i], PLACE) == 0;

        placed |= here;
        rc = add(ret, here ? agent : i == 0 ? buf_text(&path) : w.v[i], e);
    }
    words_free(&w);
    buf_free(&path);
    return rc < 0 || placed ? rc : add(ret, agent, e);
}

int target_agent_command(const struct target_spec *spec, struct words *ret, struct err *e)
{
    const struct target_agent *a = &spec->agent;
    struct buf agent = BUF_INIT;
    struct buf why = BUF_INIT;
    int rc;

    if (!arch_find_agent(a->arch, &agent, &why)) {
        rc = err_set(e, -ENOTSUP, "%s", buf_text(&why));
    } else {
        rc = a->emulator ? qemu_command(a, buf_text(&agent), ret, e)
                         : cmd_command(a, buf_text(&agent), ret, e);
    }
    buf_free(&agent);
    buf_free(&why);
    return rc;
}

/* ---- what is here ---- */

/* The first line that PATH --version prints; empty if it prints none. */
static void read_version(const char *path, char *ret, size_t size)
{
    int fds[2];
    ssize_t n;
    pid_t pid;

    ret[0] = '\0';
    if (pipe(fds) < 0) {
        return;
    }
    pid = fork();
    if (pid == 0) {
        (void)dup2(fds[1], 1);
        (void)close(fds[0]);
        (void)execl(path, path, "--version", (char *)NULL);
        _exit(1);
    }
    (void)close(fds[1]);
    n = pid < 0 ? -1 : read(fds[0], ret, size - 1);
    (void)close(fds[0]);
    ret[n > 0 ? n : 0] = '\0';
    ret[strcspn(ret, "\n")] = '\0';
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* BIN as of arch_find_emulator. */
static void fill_qemu(const struct arch_desc *a, const char *bin, struct target_status *ret)
{
    struct buf path = BUF_INIT;
    struct buf why_emulator = BUF_INIT;
    struct buf why_agent = BUF_INIT;
    bool emulator = arch_find_emulator(a, bin, &path, &why_emulator);
    char version[80] = "";
    bool agent;

    if (emulator) {
        read_version(buf_text(&path), version, sizeof(version));
    }
    agent = arch_find_agent(a, &path, &why_agent);
    snprintf(ret->name, sizeof(ret->name), QEMU "%s", a->name);
    ret->available = emulator && agent;
    ret->bits = a->bits;
    ret->page = a->page;
    if (ret->available) {
        snprintf(ret->note, sizeof(ret->note), "%u-bit %s-endian guest, pages of %" PRIu64 "; %s",
                 a->bits, a->big_endian ? "big" : "little", a->page, version);
    } else {
        snprintf(ret->note, sizeof(ret->note), "%s%s%s", buf_text(&why_emulator),
                 emulator || agent ? "" : "; ", buf_text(&why_agent));
    }
    buf_free(&path);
    buf_free(&why_emulator);
    buf_free(&why_agent);
}

bool target_agent_status(size_t n, struct target_status *ret)
{
    const struct arch_desc *a = arch_nth(n);
    const struct arch_desc *native = arch_native();
    struct buf path = BUF_INIT;
    struct buf why = BUF_INIT;

    *ret = (struct target_status){0};
    if (a) {
        fill_qemu(a, NULL, ret);
        return true;
    }
    if (arch_nth(n - 1) == NULL) {
        return false;
    }
    snprintf(ret->name, sizeof(ret->name), CMD "COMMAND");
    ret->available = native && arch_find_agent(native, &path, &why);
    snprintf(ret->note, sizeof(ret->note), "%s",
             ret->available ? "any wrapper that runs a static Linux binary, the agent behind it or "
                              "for its {}; agent=ARCH, hang=MS"
             : native       ? buf_text(&why)
                            : "there is no agent for this architecture");
    buf_free(&path);
    buf_free(&why);
    return true;
}

void target_agent_status_of(const struct target_spec *spec, struct target_status *ret)
{
    const struct target_agent *a = &spec->agent;
    struct err why = {""};

    *ret = (struct target_status){0};
    if (a->emulator) {
        fill_qemu(a->arch, a->command, ret);
    } else {
        ret->available = target_available(spec, &why);
        ret->bits = a->arch->bits;
        ret->page = a->arch->page;
        snprintf(ret->note, sizeof(ret->note), "%s",
                 ret->available ? "a wrapper that runs the agent" : why.text);
    }
    snprintf(ret->name, sizeof(ret->name), "%s", spec->text);
}
