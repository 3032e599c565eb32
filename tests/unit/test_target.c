/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/exec/target: specs, what is refused and with which words, the list of targets. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exec/machine.h"
#include "exec/target.h"
#include "exec/target_agent.h"

static void test_flavours_by_name(void **state)
{
    struct target_spec spec;
    struct err e;

    (void)state;
    assert_int_equal(target_parse(&spec, "linux", &e), 0);
    assert_ptr_equal(spec.layer, &layer_linux);
    assert_int_equal(spec.system, ABI_LINUX);
    assert_string_equal(spec.text, "linux");
    assert_string_equal(spec.host, "real");
    assert_int_equal(spec.override.given, 0);
    assert_int_equal(target_parse(&spec, "bsd", &e), 0);
    assert_ptr_equal(spec.layer, &layer_bsd);
    assert_int_equal(spec.system, ABI_FREEBSD);
}

static void test_options_override(void **state)
{
    struct target_spec spec;
    struct err e;

    (void)state;
    assert_int_equal(
        target_parse(&spec, "bsd,host=real,host_page=16384,bits=32,reserved=0x8000000,guest_base=0",
                     &e),
        0);
    assert_int_equal(spec.override.given, 1u << CONFIG_HOST_PAGE | 1u << CONFIG_BITS |
                                              1u << CONFIG_RESERVED | 1u << CONFIG_GUEST_BASE);
    assert_int_equal(spec.override.value[CONFIG_HOST_PAGE], 16384);
    assert_int_equal(spec.override.value[CONFIG_BITS], 32);
    assert_int_equal(spec.override.value[CONFIG_RESERVED], 0x8000000);
    assert_int_equal(spec.override.value[CONFIG_GUEST_BASE], 0);
}

static void check_words(const char *const *want, const struct words *got)
{
    size_t n = 0;

    for (; want[n]; n++) {
        assert_true(n < got->n);
        assert_string_equal(got->v[n], want[n]);
    }
    assert_int_equal(got->n, n);
}

static void test_words_without_a_shell(void **state)
{
    static const char text[] = " a  'b c' \"d \\\" e\" f\\ g '' $h;i\n";
    static const char *const want[] = {"a", "b c", "d \" e", "f g", "", "$h;i", NULL};
    struct words w = WORDS_INIT;
    struct err e;

    (void)state;
    assert_int_equal(words_split(&w, text, &e), 0);
    check_words(want, &w);
    words_free(&w);
}

static void test_commands_of_agents(void **state)
{
    static const struct {
        const char *text;
        const char *family;
        const char *words[8];
    } rows[] = {
        {"qemu-alpha,p=16384,R=0x100000,B=4096,bin=./emulator",
         "qemu-alpha",
         {"./emulator", "-p", "16384", "-R", "0x100000", "-B", "0x1000", "./twinmap-agent-alpha"}},
        {"cmd:./emulator -x=1,2 'a b',agent=alpha,hang=7",
         "cmd:emulator",
         {"./emulator", "-x=1,2", "a b", "./twinmap-agent-alpha"}},
        {"cmd:./emulator {} last,agent=alpha",
         "cmd:emulator",
         {"./emulator", "./twinmap-agent-alpha", "last"}},
    };
    char folder[] = "/tmp/twinmap-target-XXXXXX";
    struct err e = {""};

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    for (const char *const *name = (const char *const[]){"emulator", "twinmap-agent-alpha", NULL};
         *name; name++) {
        int fd = open(*name, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);

        assert_true(fd >= 0);
        close(fd);
    }
    assert_int_equal(setenv("TWINMAP_AGENTS", ".", 1), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct words w = WORDS_INIT;
        const char *want[9] = {NULL};
        struct target_spec spec;

        memcpy(want, rows[i].words, sizeof(rows[i].words));
        assert_int_equal(target_parse(&spec, rows[i].text, &e), 0);
        assert_int_equal(spec.kind, TARGET_AGENT);
        assert_string_equal(spec.agent.family, rows[i].family);
        assert_int_equal(target_agent_command(&spec, &w, &e), 0);
        check_words(want, &w);
        words_free(&w);
    }
    assert_int_equal(unlink("emulator"), 0);
    assert_int_equal(unlink("twinmap-agent-alpha"), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* What is missing is named, with what would bring it. */
static void test_agents_that_are_not_here(void **state)
{
    struct target_spec spec;
    struct err e = {""};

    (void)state;
    assert_int_equal(setenv("TWINMAP_AGENTS", "/nowhere", 1), 0);
    assert_int_equal(target_parse(&spec, "qemu-alpha", &e), 0);
    assert_false(target_available(&spec, &e));
    assert_non_null(strstr(e.text, "twinmap-agent-alpha is not in /nowhere"));
    assert_non_null(strstr(e.text, "gcc-alpha-linux-gnu"));
}

static void test_refusals_name_what_would_be_right(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *says;
    } cases[] = {
        {"lunix", -ENOENT, "unknown target 'lunix'; there are linux, bsd, model-linux"},
        {"", -ENOENT, "unknown target ''"},
        {"qemu-vax", -ENOENT, "unknown architecture 'vax'; there are agents for x86_64"},
        {"qemu-", -ENOENT, "unknown architecture ''"},
        {"qemu-arm,x=1", -EINVAL, "read 'x', expected p, R, B"},
        {"qemu-arm,p", -EINVAL, "read 'p', expected KEY=VALUE"},
        {"qemu-arm,p=3000", -EINVAL, "read '3000', expected a power of two"},
        {"qemu-arm,R=many", -EINVAL, "option R: read 'many'"},
        {"qemu-arm,B=0,B=0", -EINVAL, "option B: given twice"},
        {"qemu-arm,bin=", -EINVAL, "option bin: names nothing"},
        {"qemu-arm,hang=0", -EINVAL, "option hang: read '0'"},
        {"cmd:", -EINVAL, "names no command"},
        {"cmd: ", -EINVAL, "names no command"},
        {"cmd:a 'b", -EINVAL, "a quote (') is not closed"},
        {"cmd:env,agent=vax", -ENOENT, "unknown architecture 'vax'"},
        {"cmd:env,agent=arm,agent=arm", -EINVAL, "option agent: given twice"},
        {"kernels", -ENOENT, "unknown target"},
        {"so:", -EINVAL, "so:PATH"},
        {"so:/no/such/file.so", -ENOENT, "/no/such/file.so"},
        {"linux,bits", -EINVAL, "read 'bits', expected KEY=VALUE"},
        {"linux,", -EINVAL, "expected KEY=VALUE"},
        {"linux,size=3", -EINVAL, "read 'size', expected host, guest_page"},
        {"linux,bits=", -EINVAL, "expected a decimal or hex number"},
        {"linux,bits=-1", -EINVAL, "read '-1'"},
        {"linux,bits=32x", -EINVAL, "read '32x'"},
        {"linux,bits=99999999999999999999", -EINVAL, "99999999999999999999"},
        {"linux,bits=33", -EINVAL, "32 or 64"},
        {"linux,host=mars", -EINVAL, "read 'mars', expected real, sim-linux or sim-freebsd"},
        {"model-linux,host=sim-linux", -EINVAL, "expected guest_page"},
        {"kernel,host=real", -EINVAL, "read 'host', but the native kernel has no options"},
        {"linux,host=real,host=sim-linux", -EINVAL, "option host: given twice"},
        {"linux,bits=32,host_page=4096,bits=32", -EINVAL, "option bits: given twice"},
        {"linux,bits=32,reserved=0x100010000", -EINVAL, "option reserved: read 0x100010000"},
        {"linux,reserved=0x100010000,bits=32", -EINVAL, "option reserved: read 0x100010000"},
        {"model-linux,bits=32,reserved=0x100010000", -EINVAL, "option reserved"},
        {"linux,host_page=65536,reserved=0x11000", -EINVAL, "host pages of 65536"},
        {"linux,host=sim-", -EINVAL, "read 'sim-'"},
        {"linux,host=sim-freebsd", -EINVAL, "'linux': a Linux layer needs a Linux host"},
        {"linux,bits=32,host=sim-freebsd,host_page=16384", -EINVAL, "has no mremap"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct target_spec spec;
        struct err e = {""};

        if (target_parse(&spec, cases[i].text, &e) != cases[i].code ||
            !strstr(e.text, cases[i].says)) {
            fail_msg("'%s': got \"%s\", expected \"%s\"", cases[i].text, e.text, cases[i].says);
        }
    }
}

static void test_overlong_spec(void **state)
{
    struct target_spec spec;
    struct err e = {""};
    char text[1000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(target_parse(&spec, text, &e), -EINVAL);
    assert_non_null(strstr(e.text, "longer than"));
}

static void test_layers_on_hosts(void **state)
{
    static const char *const layers[] = {"linux", "bsd"};

    (void)state;
    for (size_t i = 0; machine_nth(i); i++) {
        assert_ptr_equal(machine_find(machine_nth(i)->name), machine_nth(i));
        for (size_t k = 0; k < 2; k++) {
            struct target_spec spec;
            struct err e = {""};
            char text[64];

            snprintf(text, sizeof(text), "%s,host=%s", layers[k], machine_nth(i)->name);
            if (k == 0 && machine_nth(i) == &machine_sim_freebsd) {
                assert_int_equal(target_parse(&spec, text, &e), -EINVAL);
                continue;
            }
            assert_int_equal(target_parse(&spec, text, &e), 0);
            assert_string_equal(spec.host, machine_nth(i)->name);
        }
    }
    assert_null(machine_find("mars"));
}

/* What the list says about a target agrees with what parsing it says. */
static void test_list_is_truthful(void **state)
{
    struct target_status row;
    size_t n_archs = 0;
    size_t n;

    (void)state;
    for (n = 0; target_status_nth(n, &row); n++) {
        struct target_spec spec;
        struct err e;
        int rc = target_parse(&spec, row.name, &e);

        assert_true(row.name[0] != '\0');
        assert_true(row.note[0] != '\0');
        if (strncmp(row.name, "so:", 3) == 0) {
            continue;
        }
        assert_int_equal(rc, 0);
        if (strncmp(row.name, "cmd:", 4) != 0) { /* COMMAND itself is none */
            assert_int_equal(target_available(&spec, &e), row.available);
        }
    }
    while (arch_nth(n_archs)) {
        n_archs++;
    }
    assert_int_equal(n, 7 + n_archs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flavours_by_name),
        cmocka_unit_test(test_options_override),
        cmocka_unit_test(test_refusals_name_what_would_be_right),
        cmocka_unit_test(test_words_without_a_shell),
        cmocka_unit_test(test_commands_of_agents),
        cmocka_unit_test(test_agents_that_are_not_here),
        cmocka_unit_test(test_overlong_spec),
        cmocka_unit_test(test_layers_on_hosts),
        cmocka_unit_test(test_list_is_truthful),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
