/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exec/agent_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/int.h"

enum {
    READ_MAX = 1 << 16,
    LISTEN_MAX = 1 << 20, /* in one go, of one that never stops */
    EXIT_NOT_STARTED = 127,
    LATE_S = 2,    /* after the command for what it has left behind */
    END_MS = 5000, /* for the guardian to end, told to */
};

/* Bytes of a file that it may write: files of programs are large and hollow. */
#define FILE_MAX (UINT64_C(1) << 40)

extern char **environ;

/* ---- the guardian ---- */

static volatile sig_atomic_t command; /* the leader of its group */
static volatile sig_atomic_t late;

static void end_command(int signal)
{
    (void)signal;
    if (command > 0) {
        (void)kill(-command, SIGKILL);
    }
}

static void be_late(int signal)
{
    (void)signal;
    late = 1;
}

static void limit(int resource, rlim_t most)
{
    struct rlimit r;

    if (getrlimit((__rlimit_resource_t)resource, &r) == 0) {
        r.rlim_cur = most < r.rlim_max ? most : r.rlim_max;
        (void)setrlimit((__rlimit_resource_t)resource, &r);
    }
}

static _Noreturn void run_command(char *const argv[], const int *fds)
{
    static const char what[] = "cannot be started: ";
    const char *why;

    for (int fd = 0; fd < 3; fd++) {
        if (dup2(fds[fd], fd) < 0) {
            _exit(EXIT_NOT_STARTED);
        }
    }
    (void)close_range(3, ~0u, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, FILE_MAX);
    (void)execve(argv[0], argv, environ);
    why = strerror(errno);
    (void)!write(2, what, sizeof(what) - 1);
    (void)!write(2, why, strlen(why));
    _exit(EXIT_NOT_STARTED);
}

/* End as the command ended. */
static _Noreturn void end_like(int status)
{
    if (WIFSIGNALED(status)) {
        limit(RLIMIT_CORE, 0);
        (void)signal(WTERMSIG(status), SIG_DFL);
        (void)raise(WTERMSIG(status));
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_NOT_STARTED);
}

static void catch_signal(int signal, void (*handler)(int))
{
    const struct sigaction a = {.sa_handler = handler};

    (void)sigaction(signal, &a, NULL);
}

/* As a fresh process has them; SIGTERM stays blocked if it is. */
static void calm_signals(bool blocked)
{
    sigset_t set;

    for (int n = 1; n < 32; n++) {
        (void)signal(n, SIG_DFL);
    }
    sigemptyset(&set);
    if (blocked) {
        sigaddset(&set, SIGTERM);
    }
    (void)sigprocmask(SIG_SETMASK, &set, NULL);
}

/* Until the command and what it has left behind are gone. How it ended, as waitpid has it. */
static int bury_all(pid_t leader)
{
    int first = 0;

    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);

        if (pid == leader) {
            first = status;
            end_command(0);
            (void)alarm(LATE_S); /* who has left the group may live on */
        } else if ((pid < 0 && errno != EINTR) || late) {
            return first;
        }
    }
}

static _Noreturn void guard(char *const argv[], const int *fds, pid_t parent)
{
    sigset_t none;
    pid_t pid;

    (void)setpgid(0, 0);
    calm_signals(true);
    catch_signal(SIGTERM, end_command);
    catch_signal(SIGALRM, be_late);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(0);
    }
    pid = fork();
    if (pid == 0) {
        (void)setpgid(0, 0);
        calm_signals(false);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_command(argv, fds);
    }
    (void)close_range(0, ~0u, 0);
    if (pid < 0) {
        _exit(EXIT_NOT_STARTED);
    }
    (void)setpgid(pid, pid);
    command = pid;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    end_like(bury_all(pid));
}

/* ---- life ---- */

static void close_all(int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
}

static void unblock(int fd)
{
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int agent_proc_start(struct agent_proc *p, char *const argv[], struct err *e)
{
    int fds[6] = {-1, -1, -1, -1, -1, -1};
    pid_t parent = getpid();
    int rc;

    for (int i = 0; i < 6; i += 2) {
        if (pipe2(fds + i, O_CLOEXEC) < 0) {
            rc = err_set(e, -errno, "cannot make a pipe to %s: %s", argv[0], strerror(errno));
            close_all(fds, 6);
            return rc;
        }
    }
    p->pid = fork();
    if (p->pid < 0) {
        p->pid = 0;
        rc = err_set(e, -errno, "cannot fork for %s: %s", argv[0], strerror(errno));
        close_all(fds, 6);
        return rc;
    }
    if (p->pid == 0) {
        guard(argv, (int[]){fds[0], fds[3], fds[5]}, parent);
    }
    (void)setpgid(p->pid, p->pid);
    close_all((int[]){fds[0], fds[3], fds[5]}, 3);
    p->to = fds[1];
    p->from = fds[2];
    p->err = fds[4];
    unblock(p->to);
    unblock(p->from);
    unblock(p->err);
    p->closed = false;
    p->read = p->written = 0;
    buf_clear(&p->in);
    buf_clear(&p->out);
    buf_clear(&p->said);
    return 0;
}

static void close_pipes(struct agent_proc *p)
{
    close_all((int[]){p->to, p->from, p->err}, 3);
    p->to = p->from = p->err = -1;
}

/* Whether the guardian has ended, waiting for it MS at most. */
static bool has_ended(const struct agent_proc *p, unsigned ms)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    siginfo_t info;

    for (;; ms--) {
        info.si_pid = 0;
        if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid) {
            return true;
        }
        if (ms == 0) {
            return false;
        }
        (void)nanosleep(&pause, NULL);
    }
}

static int reap(struct agent_proc *p)
{
    int status = 0;

    (void)kill(p->pid, SIGTERM);
    if (!has_ended(p, END_MS)) {
        (void)kill(p->pid, SIGKILL);
    }
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR) {
    }
    p->pid = 0;
    return status;
}

void agent_proc_end(struct agent_proc *p)
{
    if (p->pid > 0) {
        agent_proc_listen(p);
        (void)reap(p);
        agent_proc_listen(p);
    }
    close_pipes(p);
}

int agent_proc_status(struct agent_proc *p, unsigned ms)
{
    int status;

    (void)has_ended(p, ms);
    status = reap(p);
    agent_proc_listen(p);
    close_pipes(p);
    return status;
}

void agent_proc_free(struct agent_proc *p)
{
    agent_proc_end(p);
    buf_free(&p->in);
    buf_free(&p->out);
    buf_free(&p->said);
    *p = AGENT_PROC_INIT;
}

/* ---- pipes ---- */

static void keep_said(struct agent_proc *p, const char *data, size_t len)
{
    buf_add(&p->said, data, len);
    if (p->said.len > 2 * (size_t)AGENT_SAID_MAX) {
        memmove(p->said.data, p->said.data + p->said.len - AGENT_SAID_MAX, AGENT_SAID_MAX);
        p->said.len = AGENT_SAID_MAX;
        p->said.data[p->said.len] = '\0';
    }
}

void agent_proc_listen(struct agent_proc *p)
{
    char data[4096];
    size_t left = LISTEN_MAX;
    ssize_t n;

    while (p->err >= 0 && left > 0) {
        n = read(p->err, data, sizeof(data));
        if (n > 0) {
            keep_said(p, data, (size_t)n);
            left -= u64_min(left, (uint64_t)n);
        } else if (n == 0) {
            (void)close(p->err);
            p->err = -1;
        } else if (errno != EINTR) {
            return;
        }
    }
}

static bool hear(struct agent_proc *p)
{
    char data[READ_MAX];
    ssize_t n = read(p->from, data, sizeof(data));

    if (p->read == p->in.len) {
        buf_clear(&p->in);
        p->read = 0;
    } else if (p->read > READ_MAX) {
        memmove(p->in.data, p->in.data + p->read, p->in.len - p->read);
        p->in.len -= p->read;
        p->read = 0;
    }
    if (n > 0) {
        buf_add(&p->in, data, (size_t)n);
    }
    p->closed |= n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    return n > 0;
}

/* A pipe that nobody reads raises SIGPIPE, which here is no more than that. */
static ssize_t write_quietly(int fd, const void *data, size_t len)
{
    const struct timespec now = {0};
    sigset_t pipe_set, before, pending;
    ssize_t n;
    int code;

    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    sigpending(&pending);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
    n = write(fd, data, len);
    code = errno;
    if (n < 0 && code == EPIPE && !sigismember(&pending, SIGPIPE)) {
        (void)sigtimedwait(&pipe_set, NULL, &now);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return n;
}

/* What cannot be told to one that is gone is no error here: it will have said its last word. */
static void tell(struct agent_proc *p)
{
    ssize_t n = write_quietly(p->to, p->out.data + p->written, p->out.len - p->written);

    if (n > 0) {
        p->written += (size_t)n;
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        (void)close(p->to);
        p->to = -1;
    }
    if (p->written == p->out.len) {
        buf_clear(&p->out);
        p->written = 0;
    }
}

bool agent_proc_move(struct agent_proc *p, unsigned ms)
{
    bool waits = p->to >= 0 && p->written < p->out.len;
    struct pollfd fds[] = {
        {.fd = p->closed ? -1 : p->from, .events = POLLIN},
        {.fd = p->err, .events = POLLIN},
        {.fd = waits ? p->to : -1, .events = POLLOUT},
    };

    if (poll(fds, ARRAY_LEN(fds), (int)ms) <= 0) {
        return false;
    }
    if (fds[2].revents) {
        tell(p);
    }
    if (fds[1].revents) {
        agent_proc_listen(p);
    }
    return fds[0].revents && hear(p);
}
