/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "corpus_add.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"
#include "findings.h"
#include "input.h"
#include "minimise_judge.h"
#include "model_record.h"
#include "op/text.h"
#include "repro.h"
#include "target_list.h"

enum { NAME_MAX_LEN = 60, NAMES_MAX = 1000 };

struct adding {
    const struct corpus_add *a;
    struct buf path; /* of the program that was named */
    struct {
        struct target_spec *v;
        size_t n, cap;
    } targets;
    struct judge *judge;
    struct judge_result result;
    struct prog prog;
    struct buf target_path;
};

void regress_name(const char *signature, struct buf *out)
{
    for (; *signature && out->len < NAME_MAX_LEN; signature++) {
        bool plain = isalnum((unsigned char)*signature);

        if (plain) {
            buf_u8(out, (uint8_t)tolower((unsigned char)*signature));
        } else if (out->len && out->data[out->len - 1] != '-') {
            buf_u8(out, '-');
        }
    }
    while (out->len && out->data[out->len - 1] == '-') {
        out->data[--out->len] = '\0';
    }
}

static int add_target(struct adding *x, const char *text, struct err *e)
{
    if (vec_reserve(&x->targets, x->targets.n + 1) < 0) {
        return err_set(e, -ENOMEM, "out of memory");
    }
    return target_parse(&x->targets.v[x->targets.n++], text, e);
}

/* What a finding's folder says of where it was found. */
static int read_targets(struct adding *x, struct err *e)
{
    static const char key[] = "target: ";
    struct buf text = BUF_INIT;
    int rc = 0;

    (void)finding_read(x->a->finding, ".", "environment.txt", &text);
    for (char *line = text.data; line && *line && rc == 0;) {
        char *next = line + strcspn(line, "\n");

        next += *next == '\n';
        if (strncmp(line, key, strlen(key)) == 0) {
            line[strcspn(line, "\n")] = '\0';
            rc = add_target(x, line + strlen(key), e);
        }
        line = next;
    }
    buf_free(&text);
    return rc;
}

/* The program, and the targets on which it is a finding. */
static int load(struct adding *x, struct err *e)
{
    const char *finding = x->a->finding;
    struct stat st;
    bool folder = stat(finding, &st) == 0 && S_ISDIR(st.st_mode);
    int rc = 0;

    if (folder && is_findings_folder(finding)) {
        return err_set(e, -EINVAL, "%s: a folder of findings; name one of those in it", finding);
    }
    buf_fmt(&x->path, folder ? "%s/program.tm" : "%s", finding);
    rc = prog_load(&x->prog, buf_text(&x->path), PROG_FORMAT_AUTO, e);
    for (size_t i = 0; i < x->a->n_specs && rc == 0; i++) {
        rc = add_target(x, x->a->specs[i].text, e);
    }
    if (rc == 0 && folder && x->targets.n == 0) {
        rc = read_targets(x, e);
    }
    if (rc == 0 && x->targets.n == 0) {
        rc = add_target(x, prog_wants_freebsd(&x->prog) ? "bsd" : "linux", e);
    }
    return rc;
}

/* Judge and minimise. */
static int reduce(struct adding *x, struct err *e)
{
    struct run_options o = RUN_OPTIONS_DEFAULT;
    struct minimise_options m = {0};
    struct minimise_stats stats;
    int rc;

    o.adapt_config = true;
    rc = judge_open(&x->judge, x->targets.v, x->targets.n, &o, e);
    if (rc < 0) {
        return rc;
    }
    if (minimise_by_judge(x->judge, &x->prog, &m, &x->result, &stats, e) < 0) {
        return -EIO;
    }
    if (x->result.verdict == JUDGE_SKIP) {
        return err_set(e, -ENOTSUP, "%s cannot run here: %s", buf_text(&x->path),
                       buf_text(&x->result.reason));
    }
    if (x->result.verdict != JUDGE_FINDING) {
        return err_set(e, -EINVAL, "%s holds on %s: nothing to add", buf_text(&x->path),
                       x->targets.v[0].text);
    }
    return 0;
}

static bool requires(const struct prog *p, enum require_kind kind)
{
    for (size_t i = 0; i < p->requires.n; i++) {
        if (p->requires.v[i].kind == kind) {
            return true;
        }
    }
    return false;
}

bool regress_same(const struct prog *there, const struct prog *p, enum abi_system system)
{
    struct prog x = PROG_INIT;
    struct prog y = PROG_INIT;
    bool same = !requires(there, system == ABI_LINUX ? REQUIRE_FREEBSD : REQUIRE_LINUX) &&
                prog_copy(&x, there) == 0 && prog_copy(&y, p) == 0;

    if (same) {
        x.config.given = y.config.given = 0;
        x.requires.n = y.requires.n = 0;
        prog_drop_expectations(&x);
        prog_drop_expectations(&y);
        same = prog_equal(&x, &y);
    }
    prog_free(&x);
    prog_free(&y);
    return same;
}

/* No program of the corpus is added twice. */
static int check_new(const struct adding *x, struct err *e)
{
    struct input_list all = {0};
    int rc = input_add(&all, x->a->corpus, PROG_FORMAT_AUTO, e);

    rc = rc == -ENOENT ? 0 : rc; /* an empty corpus */
    for (size_t i = 0; i < all.n && rc == 0; i++) {
        if (regress_same(&all.v[i].prog, &x->prog, x->targets.v[0].system)) {
            rc = err_set(e, -EEXIST, "%s: the same program is there: %s", buf_text(&x->path),
                         all.v[i].path);
        }
    }
    input_free(&all);
    return rc;
}

/* Behind a host call that fails on purpose a layer shows what no kernel does. */
static void drop_behind_host_fail(const struct prog *from, struct prog *p)
{
    bool failed = false;

    for (size_t i = 0; i < p->ops.n; i++) {
        failed |= p->ops.v[i].kind == OP_host_fail;
        if (failed) {
            p->ops.v[i].expect = from->ops.v[i].expect;
        }
    }
}

/* TO, the program with what the specification says it shows; without, if it cannot run there. */
static int expect_by_model(const struct adding *x, struct prog *to, struct err *e)
{
    struct recorder *model = NULL;
    struct record record = RECORD_INIT;
    struct buf text = BUF_INIT;
    struct repro r = {.prog = &x->prog, .record = &record};
    int rc = prog_copy(to, &x->prog);

    if (rc == 0 && model_open(x->targets.v[0].system, &model, e) == 0 &&
        model_record(model, &x->prog, &record, e) == 0 && repro_text(&r, &text) == 0) {
        rc = prog_parse(to, "text", buf_text(&text), text.len, e);
        drop_behind_host_fail(&x->prog, to);
    }
    recorder_close(model);
    record_free(&record);
    buf_free(&text);
    return rc;
}

static bool has_one_page_size(const struct prog *p)
{
    return config_effective_host_page(&p->config) == p->config.value[CONFIG_GUEST_PAGE];
}

/*
 * A limit may excuse that a layer does not do before the finding as the specification says: what
 * it contradicts there is not expected. What one would excuse of the op that is wrong nobody can
 * tell; most limits are of page sizes that differ.
 */
static int drop_excused(struct adding *x, struct prog *p, struct err *e)
{
    struct judge_result r = JUDGE_RESULT_INIT;
    size_t bad = x->result.bad_op;
    int rc;

    if (bad < p->ops.n && !has_one_page_size(p)) {
        p->ops.v[bad].expect = x->prog.ops.v[bad].expect;
    }
    rc = judge_run(x->judge, p, &r, e);

    while (rc == 0 && r.verdict == JUDGE_FINDING && r.bad_op < bad &&
           p->ops.v[r.bad_op].expect.kind != x->prog.ops.v[r.bad_op].expect.kind) {
        p->ops.v[r.bad_op].expect = x->prog.ops.v[r.bad_op].expect;
        rc = judge_run(x->judge, p, &r, e);
    }
    judge_result_free(&r);
    return rc < 0 ? -EIO : 0;
}

static int require(struct prog *p, enum require_kind kind, uint64_t value)
{
    return requires(p, kind) ? 0 : prog_add_require(p, (struct prog_require){(uint8_t)kind, value});
}

/* What is expected holds under this system, and with these page sizes. */
static int add_requires(const struct adding *x, struct prog *p)
{
    bool freebsd = x->targets.v[0].system == ABI_FREEBSD;
    bool said = requires(p, REQUIRE_LINUX) || requires(p, REQUIRE_FREEBSD);
    int rc = said ? 0 : require(p, freebsd ? REQUIRE_FREEBSD : REQUIRE_LINUX, 0);

    rc = rc ? rc : require(p, REQUIRE_GUEST_PAGE, p->config.value[CONFIG_GUEST_PAGE]);
    return rc ? rc : require(p, REQUIRE_HOST_PAGE, config_effective_host_page(&p->config));
}

static bool is_name(const char *name)
{
    return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' &&
           *name != '-';
}

/* Where it is to go: a name that is free. */
static int choose_name(struct adding *x, struct err *e)
{
    struct buf base = BUF_INIT;
    int rc = 0;

    if (x->a->name) {
        buf_str(&base, x->a->name);
    } else {
        regress_name(buf_text(&x->result.signature), &base);
    }
    for (int i = 1; rc == 0; i++) {
        buf_clear(&x->target_path);
        buf_fmt(&x->target_path, "%s/regress/%s", x->a->corpus, buf_text(&base));
        buf_fmt(&x->target_path, i > 1 ? "-%d.tm" : ".tm", i);
        if (buf_failed(&x->target_path)) {
            rc = err_set(e, -ENOMEM, "out of memory");
        } else if (access(x->target_path.data, F_OK) < 0) {
            break;
        } else if (x->a->name || i == NAMES_MAX) {
            rc = err_set(e, -EEXIST, "%s: is there already", x->target_path.data);
        }
    }
    buf_free(&base);
    return rc;
}

static int write_program(struct adding *x, const struct prog *p, struct err *e)
{
    struct buf text = BUF_INIT;
    struct buf folder = BUF_INIT;
    int rc;

    buf_fmt(&folder, "%s/regress", x->a->corpus);
    buf_str(&text, "# ");
    buf_shown(&text, buf_text(&x->result.signature));
    buf_str(&text, ": ");
    buf_shown(&text, buf_text(&x->result.reason));
    buf_str(&text, "\n");
    prog_print(p, &text);
    if (mkdir(buf_text(&folder), 0777) < 0 && errno != EEXIST) {
        rc = err_set(e, -errno, "%s: cannot make this folder: %s", buf_text(&folder),
                     strerror(errno));
    } else {
        rc = buf_write_file(&text, buf_text(&x->target_path), e);
    }
    buf_free(&text);
    buf_free(&folder);
    return rc;
}

static int finish(struct adding *x, struct buf *out, struct err *e)
{
    struct prog p = PROG_INIT;
    int rc = expect_by_model(x, &p, e);

    rc = rc < 0 ? rc : drop_excused(x, &p, e);
    if (rc == 0 && add_requires(x, &p) < 0) {
        rc = err_set(e, -E2BIG, "%s: no room for a requirement", buf_text(&x->path));
    }
    rc = rc < 0 ? rc : choose_name(x, e);
    rc = rc < 0 ? rc : write_program(x, &p, e);
    if (rc == 0) {
        buf_shown(out, buf_text(&x->target_path));
        buf_fmt(out, ": %zu ops: %s\n\ntwinmap corpus ", p.ops.n, buf_text(&x->result.signature));
        buf_word(out, x->a->corpus);
        buf_str(out, "\n");
    }
    prog_free(&p);
    return rc;
}

static int check_arguments(const struct corpus_add *a, struct err *e)
{
    struct stat st;

    if (a->name && !is_name(a->name)) {
        return err_set(e, -EINVAL, "--as %s: expected lower-case letters, digits and '-'", a->name);
    }
    if (stat(a->corpus, &st) < 0 || !S_ISDIR(st.st_mode)) {
        return err_set(e, -ENOTDIR, "%s: not a folder", a->corpus);
    }
    return 0;
}

int corpus_add(const struct corpus_add *a, struct buf *out, struct err *e)
{
    struct adding x = {.a = a, .prog = PROG_INIT};
    int rc = check_arguments(a, e);

    rc = rc < 0 ? rc : load(&x, e);
    rc = rc < 0 ? rc : reduce(&x, e);
    rc = rc < 0 ? rc : check_new(&x, e);
    rc = rc < 0 ? rc : finish(&x, out, e);
    judge_close(x.judge);
    judge_result_free(&x.result);
    prog_free(&x.prog);
    buf_free(&x.path);
    buf_free(&x.target_path);
    free(x.targets.v);
    return rc;
}
