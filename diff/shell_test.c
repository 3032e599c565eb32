/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shell_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "op/text.h"

enum {
    CANNOT_EXECUTE = 126, /* what a shell says of a command that is there, */
    NOT_FOUND = 127,      /* and of one that is not */
    FOREVER = 1000000000, /* seconds */
};

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD};

bool shell_test_fill(const char *command, const char *path, struct buf *out)
{
    const char *at = strstr(command, "{}");

    if (!at) {
        return false;
    }
    for (; at; at = strstr(command, "{}")) {
        buf_add(out, command, (size_t)(at - command));
        buf_word(out, path);
        command = at + 2;
    }
    buf_str(out, command);
    return true;
}

/* What ends the process, and a child's end: not what it was told to ignore, as nohup does. */
static void watched_set(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++) {
        struct sigaction now;

        if (sigaction(watched[i], NULL, &now) < 0 || now.sa_handler != SIG_IGN) {
            sigaddset(set, watched[i]);
        }
    }
}

static void watch(sigset_t *old)
{
    sigset_t set;

    signal(SIGCHLD, SIG_DFL); /* ignored, children could not be waited for */
    watched_set(&set);
    sigprocmask(SIG_BLOCK, &set, old);
}

/* FOLDER/twinmap-XXXXXX with the file in it that is to be. */
static int make_folder(struct shell_test *t, struct err *e)
{
    const char *where = getenv("TMPDIR");
    struct buf name = BUF_INIT;
    int rc = 0;

    buf_fmt(&name, "%s/twinmap-XXXXXX", where && where[0] ? where : "/tmp");
    if (buf_failed(&name)) {
        rc = err_set(e, -ENOMEM, "out of memory");
    } else if (!mkdtemp(name.data)) {
        rc = err_set(e, -errno, "%s: cannot make a folder: %s", name.data, strerror(errno));
    } else {
        buf_fmt(&t->file, "%s/candidate.tm", name.data);
        t->folder = strdup(name.data);
    }
    buf_free(&name);
    if (rc == 0 && (buf_failed(&t->file) || !t->folder)) {
        rc = err_set(e, -ENOMEM, "out of memory");
    }
    return rc;
}

static void remove_folder(struct shell_test *t)
{
    if (t->folder) {
        unlink(buf_text(&t->file));
        rmdir(t->folder);
    }
}

int shell_test_open(struct shell_test *t, const char *command, uint64_t seconds, struct err *e)
{
    int rc;

    *t = (struct shell_test){.command = command, .seconds = seconds};
    if (!strstr(command, "{}")) {
        return err_set(e, -EINVAL, "--test '%s': expected {} where the path of a program goes",
                       command);
    }
    watch(&t->mask);
    t->open = true;
    rc = make_folder(t, e);
    if (rc == 0) {
        shell_test_fill(command, buf_text(&t->file), &t->script);
        if (buf_failed(&t->script)) {
            rc = err_set(e, -ENOMEM, "out of memory");
        }
    }
    if (rc < 0) {
        shell_test_close(t);
    }
    return rc;
}

void shell_test_close(struct shell_test *t)
{
    remove_folder(t);
    free(t->folder);
    buf_free(&t->file);
    buf_free(&t->script);
    buf_free(&t->text);
    if (t->open) {
        sigprocmask(SIG_SETMASK, &t->mask, NULL);
    }
    *t = (struct shell_test){0};
}

/* In the child: a process group of its own, so that all of it can be ended; silent. */
static _Noreturn void become(const struct shell_test *t)
{
    int null = open("/dev/null", O_RDWR);

    setpgid(0, 0);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    sigprocmask(SIG_SETMASK, &t->mask, NULL);
    execl("/bin/sh", "sh", "-c", buf_text(&t->script), (char *)NULL);
    _exit(NOT_FOUND);
}

/* The process dies of SIG as if it had not been held back. */
static _Noreturn void die(struct shell_test *t, int sig)
{
    sigset_t set;

    remove_folder(t);
    signal(sig, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(sig);
    _exit(128 + sig);
}

static struct timespec until(const struct timespec *end)
{
    struct timespec now;
    struct timespec left;

    clock_gettime(CLOCK_MONOTONIC, &now);
    left.tv_sec = end->tv_sec - now.tv_sec;
    left.tv_nsec = end->tv_nsec - now.tv_nsec;
    if (left.tv_nsec < 0) {
        left.tv_sec--;
        left.tv_nsec += 1000000000;
    }
    return left.tv_sec < 0 ? (struct timespec){0, 0} : left;
}

/* Wait for CHILD; false if its time is over. *STATUS as waitpid has it. */
static bool wait_for(struct shell_test *t, pid_t child, int *status)
{
    struct timespec end;
    sigset_t set;

    watched_set(&set);
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(t->seconds < FOREVER ? t->seconds : FOREVER);
    for (;;) {
        struct timespec left = until(&end);
        int sig;

        if (waitpid(child, status, WNOHANG) == child) {
            return true;
        }
        if (left.tv_sec == 0 && left.tv_nsec == 0) {
            return false;
        }
        sig = sigtimedwait(&set, NULL, &left);
        if (sig > 0 && sig != SIGCHLD) {
            kill(-child, SIGKILL);
            waitpid(child, status, 0);
            die(t, sig);
        }
    }
}

/* Run the script; its status, -1 if it did not end by itself. */
static int run_script(struct shell_test *t, struct err *e)
{
    int status = 0;
    bool ended;
    pid_t child = fork();

    if (child < 0) {
        return err_set(e, -errno, "cannot make a process: %s", strerror(errno));
    }
    if (child == 0) {
        become(t);
    }
    setpgid(child, child); /* whoever of the two is first */
    ended = wait_for(t, child, &status);
    kill(-child, SIGKILL); /* what it left behind, too */
    if (!ended) {
        waitpid(child, &status, 0);
    }
    t->status = ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return 0;
}

int shell_test_run(struct shell_test *t, const struct prog *p, struct err *e)
{
    int rc;

    buf_clear(&t->text);
    prog_print(p, &t->text);
    rc = buf_write_file(&t->text, buf_text(&t->file), e);
    if (rc == 0) {
        rc = run_script(t, e);
    }
    if (rc < 0) {
        return rc;
    }
    if (t->status == CANNOT_EXECUTE || t->status == NOT_FOUND) {
        return err_set(e, -ENOEXEC, "--test '%s': cannot be run: status %d", t->command, t->status);
    }
    return t->status == 0;
}

int shell_test_same(void *t, const struct prog *p, enum minimise_change change, struct err *e)
{
    (void)change;
    return shell_test_run(t, p, e);
}
