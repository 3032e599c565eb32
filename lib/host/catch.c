/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults, aborts and hangs as results. Each thread has a stack of frames: a call frame per
 * host_catch_call, above them at most one access frame, in which a guarded copy touches guest
 * memory. The signal handlers leave through the innermost frame that the signal belongs to; without
 * one they go on to the handler that was there before.
 *
 * The handlers run with nothing blocked (SA_NODEFER, empty mask), so leaving them by a jump
 * restores nothing and setting a frame costs no system call. An access frame is left by the
 * compiler's own jump: between the copy and its frame there is nothing a sanitizer would have to
 * clean up, and its cleaning costs a sweep over the stack's shadow. A call frame is left by
 * siglongjmp, which sanitizers know.
 *
 * Not here: faults of threads the tested layer starts itself, and stack overflow in a thread that
 * never came by here.
 */
#include "host/real.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/int.h"
#include "host/catch.h"
#include "host/catch_platform.h"

#define TICK_MS 50
#define IDLE_TICKS 20 /* without a limit to watch: the timer stops */
#define STACK_LEN (64 * 1024)
#define STACK_ENOUGH (16 * 1024) /* another's alternate stack that we can live with */

/* clang has the built-in pair on few machines; TSan must see every jump out of a handler. */
#if (defined(__x86_64__) || !defined(__clang__)) && !CATCH_TSAN
typedef void *access_jump[5];
#define ACCESS_SET(j) __builtin_setjmp(j)
#define ACCESS_JUMP(j) __builtin_longjmp(j, 1)
#else
typedef sigjmp_buf access_jump;
/* TSan runs handlers with everything blocked, SA_NODEFER or not */
#define ACCESS_SET(j) sigsetjmp(j, CATCH_TSAN)
#define ACCESS_JUMP(j) siglongjmp(j, 1)
#endif

struct frame {
    struct frame *prev;
    bool access;
    unsigned limit; /* call: ticks allowed, 0 no limit */
    unsigned ticks; /* call: seen so far */
    uint64_t addr;  /* access: first byte; after a jump: where it faulted */
    uint64_t len;   /* access */
    int signal;     /* after a jump */
    union {
        access_jump access;
        sigjmp_buf call;
    } jump;
};

/* One per thread. The handlers of this thread and nobody else look at it. */
struct catch_thread {
    struct frame *volatile top;
    volatile bool ready;
    volatile bool ticking; /* the timer is armed */
    bool has_timer;
    unsigned idle; /* ticks without a limit to watch */
    timer_t timer;
    void *stack;   /* ours, NULL: another's is used */
    sigset_t mask; /* as it was when the thread came here first, or installed last */
};
static _Thread_local struct catch_thread self;

static const int caught_signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

/* Handlers have no argument to hang state from. */
static struct {
    pthread_mutex_t lock;
    bool fork_hook;
    bool has_key;
    pthread_key_t key;
    struct sigaction prev[ARRAY_LEN(caught_signals)];
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int tick_signal(void)
{
    return SIGRTMIN +
           5; /* away from SIGALRM, which engines use, and from what libraries take first */
}

/* As if we were not there: the next handler, or the default action. */
static void pass_on(int sig, siginfo_t *info, void *context)
{
    const struct sigaction *prev = NULL;

    for (size_t i = 0; i < ARRAY_LEN(caught_signals); i++) {
        if (caught_signals[i] == sig) {
            prev = &process.prev[i];
        }
    }
    if (prev->sa_flags & SA_SIGINFO) {
        prev->sa_sigaction(sig, info, context);
    } else if (prev->sa_handler != SIG_DFL && prev->sa_handler != SIG_IGN) {
        prev->sa_handler(sig);
    } else {
        /* the faulting instruction runs again; a signal that was sent must be sent again */
        (void)sigaction(sig, prev, NULL);
        if (catch_was_sent(info)) {
            (void)raise(sig);
        }
    }
}

/* Signals that another process sends are not the doing of what is guarded. */
static bool own_doing(const siginfo_t *info)
{
    return !catch_was_sent(info) || info->si_pid == getpid();
}

static bool is_memory_fault(int sig)
{
    return sig == SIGSEGV || sig == SIGBUS;
}

/* A fault the kernel gives no address for (a non-canonical one) is the copy's too. */
static bool fault_in_access(const struct frame *f, int sig, const siginfo_t *info)
{
    uint64_t at = (uintptr_t)info->si_addr;

    return is_memory_fault(sig) && !catch_was_sent(info) &&
           (info->si_code == SI_KERNEL || at - f->addr < f->len);
}

CATCH_BARE static void on_fault(int sig, siginfo_t *info, void *context)
{
    struct frame *f = self.top;
    uint64_t at = catch_was_sent(info) ? 0 : (uintptr_t)info->si_addr;

    if (f && f->access) {
        if (fault_in_access(f, sig, info)) {
            f->signal = sig;
            f->addr = info->si_code == SI_KERNEL ? f->addr : at;
            self.top = f->prev;
            ACCESS_JUMP(f->jump.access);
        }
        f = f->prev;
    }
    if (!f || !own_doing(info)) {
        pass_on(sig, info, context);
        return;
    }
    f->signal = sig;
    f->addr = at;
    self.top = f->prev;
    siglongjmp(f->jump.call, 1);
}

static void stop_when_idle(void)
{
    const struct itimerspec off = {0};
    int saved = errno;

    if (++self.idle >= IDLE_TICKS) {
        self.ticking = false;
        (void)timer_settime(self.timer, 0, &off, NULL);
    }
    errno = saved;
}

/*
 * Ticks are counted as they arrive instead of asking the clock: a process that was stopped gets one
 * for the whole time, not a hang.
 */
CATCH_BARE static void on_tick(int sig, siginfo_t *info, void *context)
{
    struct frame *expired = NULL;
    bool watching = false;

    (void)sig;
    (void)info;
    (void)context;
    for (struct frame *f = self.top; f; f = f->prev) {
        watching |= f->limit != 0;
        if (f->limit && ++f->ticks > f->limit && !expired) {
            expired = f;
        }
    }
    if (!watching) {
        stop_when_idle();
        return;
    }
    self.idle = 0;
    if (expired) {
        expired->signal = SIGALRM;
        expired->addr = 0;
        self.top = expired->prev;
        siglongjmp(expired->jump.call, 1);
    }
}

static void thread_exit(void *unused)
{
    const stack_t off = {.ss_flags = SS_DISABLE};

    (void)unused;
    if (self.has_timer) {
        (void)timer_delete(self.timer);
    }
    if (self.stack) {
        (void)sigaltstack(&off, NULL);
        (void)munmap(self.stack, STACK_LEN);
    }
    memset(&self, 0, sizeof(self));
}

static int need_timer(void)
{
    struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = tick_signal()};

    if (self.has_timer) {
        return 0;
    }
    catch_set_thread(&ev);
    if (timer_create(CLOCK_MONOTONIC, &ev, &self.timer) != 0) {
        return -errno;
    }
    self.has_timer = true;
    self.ticking = false;
    return 0;
}

static void start_ticking(void)
{
    const struct timespec tick = {.tv_nsec = TICK_MS * 1000000l};
    const struct itimerspec on = {.it_interval = tick, .it_value = tick};
    int saved = errno;

    /* no timer, no limit: host_catch_install has told the first thread */
    if (need_timer() == 0) {
        self.idle = 0;
        self.ticking = true;
        (void)timer_settime(self.timer, 0, &on, NULL);
    }
    errno = saved;
}

/* A sanitizer's alternate stack is kept: it unmaps whatever it finds there when the thread ends. */
static int need_stack(void)
{
    stack_t now;

    if (sigaltstack(NULL, &now) == 0 && !(now.ss_flags & SS_DISABLE) &&
        now.ss_size >= STACK_ENOUGH) {
        return 0;
    }
    now = (stack_t){.ss_size = STACK_LEN};
    now.ss_sp = mmap(NULL, STACK_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (now.ss_sp == MAP_FAILED) {
        return -errno;
    }
    if (sigaltstack(&now, NULL) != 0) {
        int rc = -errno;

        (void)munmap(now.ss_sp, STACK_LEN);
        return rc;
    }
    self.stack = now.ss_sp;
    return 0;
}

static int thread_ready(void)
{
    int rc = need_stack();

    if (rc == 0) {
        (void)pthread_sigmask(SIG_SETMASK, NULL, &self.mask);
        if (process.has_key) {
            (void)pthread_setspecific(process.key, &self);
        }
        self.ready = true;
    }
    return rc;
}

static int take_signal(int sig, void (*handler)(int, siginfo_t *, void *), struct sigaction *prev)
{
    struct sigaction sa = {
        .sa_sigaction = handler,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART,
    };
    struct sigaction now;

    if (sigaction(sig, NULL, &now) != 0) {
        return -errno;
    }
    if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handler) {
        return 0;
    }
    sigemptyset(&sa.sa_mask);
    if (prev) {
        *prev = now;
    }
    if (sigaction(sig, &sa, NULL) != 0 || sigaction(sig, NULL, &now) != 0) {
        return -errno;
    }
    return now.sa_sigaction == handler ? 0 : -EPERM;
}

static int take_signals(struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(caught_signals); i++) {
        int rc = take_signal(caught_signals[i], on_fault, &process.prev[i]);

        if (rc) {
            return err_set(e, rc, "cannot catch signal %d (%s)%s", caught_signals[i], strerror(-rc),
                           rc == -EPERM ? ": the sanitizer's options keep it" : "");
        }
    }
    if (!process.has_key) {
        process.has_key = pthread_key_create(&process.key, thread_exit) == 0;
    }
    if (!process.fork_hook) {
        process.fork_hook = pthread_atfork(NULL, NULL, host_catch_after_fork) == 0;
    }
    return take_signal(tick_signal(), on_tick, NULL);
}

int host_catch_install(struct err *e)
{
    int saved = errno;
    int rc;

    pthread_mutex_lock(&process.lock);
    rc = take_signals(e);
    pthread_mutex_unlock(&process.lock);
    if (rc == 0 && (rc = thread_ready()) != 0) {
        rc = err_set(e, rc, "no alternate signal stack: %s", strerror(-rc));
    }
    if (rc == 0 && (rc = need_timer()) != 0) {
        rc = err_set(e, rc, "no timer to detect hangs with: %s", strerror(-rc));
    }
    errno = saved;
    return rc;
}

static void install_once(void)
{
    /*
     * who wants the reason calls it himself; without handlers a fault ends the process, as without
     * us
     */
    (void)host_catch_install(NULL);
}

struct host *host_real(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, install_once);
    return host_real_plain();
}

void host_catch_after_fork(void)
{
    process.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    self.has_timer = false;
    self.ticking = false;
    for (const struct frame *f = self.top; f; f = f->prev) {
        if (f->limit) {
            start_ticking();
            break;
        }
    }
    host_real_after_fork();
}

/* Where a call frame's jump arrives. */
static int caught(const struct frame *f, uint64_t *addr)
{
    (void)pthread_sigmask(SIG_SETMASK, &self.mask, NULL);
    if (addr) {
        *addr = f->addr;
    }
    return f->signal;
}

int host_catch_call(void (*fn)(void *arg), void *arg, unsigned hang_ms, uint64_t *addr)
{
    struct frame f = {
        .prev = self.top,
        .limit = hang_ms ? (hang_ms + TICK_MS - 1) / TICK_MS : 0,
    };

    if (!self.ready && thread_ready() != 0) {
        abort(); /* no memory for a signal stack: nothing can be guarded */
    }
    if (sigsetjmp(f.jump.call, 0) != 0) {
        return caught(&f, addr);
    }
    self.top = &f;
    if (f.limit && !self.ticking) {
        start_ticking();
    }
    fn(arg);
    self.top = f.prev;
    return 0;
}

bool host_catch_inside(void)
{
    return self.top != NULL;
}

struct access {
    void *in;        /* read: where the bytes go */
    const void *out; /* write: where they come from; NULL zeros */
    bool write;
};

/*
 * False if it faulted. Its own function: a function that sets the built-in jump holds nothing else.
 */
CATCH_BARE static bool guarded(struct frame *f, const struct access *a)
{
    if (ACCESS_SET(f->jump.access)) {
        return false;
    }
    self.top = f;
    if (!a->write) {
        catch_copy_from(a->in, f->addr, f->len);
    } else if (a->out) {
        catch_copy_to(f->addr, a->out, f->len);
    } else {
        catch_copy_zeros(f->addr, f->len);
    }
    self.top = f->prev;
    return true;
}

static int run_access(uint64_t addr, size_t len, const struct access *a, struct host_fault *fault)
{
    int saved = errno;
    struct frame f;

    if (!self.ready && thread_ready() != 0) {
        errno = saved;
        return -ENOMEM;
    }
    f.prev = self.top;
    f.access = true;
    f.limit = 0;
    f.addr = addr;
    f.len = len;
    if (guarded(&f, a)) {
        return 0;
    }
    errno = saved; /* a sanitizer's handler in front of ours writes it */
    if (fault) {
        *fault = (struct host_fault){.signal = f.signal, .addr = f.addr};
    }
    return -EFAULT;
}

int catch_read(uint64_t addr, void *buf, size_t len, struct host_fault *fault)
{
    return run_access(addr, len, &(struct access){.in = buf}, fault);
}

int catch_write(uint64_t addr, const void *buf, size_t len, struct host_fault *fault)
{
    return run_access(addr, len, &(struct access){.out = buf, .write = true}, fault);
}
