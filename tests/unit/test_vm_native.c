/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Linux personality against the kernel this runs on: the same calls in a window of free address
 * space, each answer must be in the specification's set, and afterwards what is mapped and what it
 * holds must be the same. Calls are chosen at random from few addresses and lengths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/err.h"
#include "hostmap/hostmap.h"
#include "vm/vm.h"

enum {
    PAGES = 40,
    MARGIN = 16, /* pages without access on both sides, so that nobody else comes near */
    FILES = 3,   /* read-write, read-only and write-only, one memfd */
    FILE_PAGES = 6,
    ROUNDS = 60,
    CALLS = 60,
};

struct bed {
    struct vm *vm;
    struct vm_proc *p;
    const struct hostmap_ops *reader;
    struct hostmap *map;
    struct region_vec theirs, ours;
    uint64_t page, base;
    int fd[FILES];    /* native */
    int vm_fd[FILES]; /* in the machine */
    uint64_t rng, seed;
    char call[256];
    unsigned done[16]; /* successes by kind of call */
};

static sigjmp_buf escape;
static volatile sig_atomic_t caught;

static void on_fault(int sig)
{
    caught = sig;
    siglongjmp(escape, 1);
}

static uint64_t rnd(struct bed *b, uint64_t n)
{
    b->rng ^= b->rng << 13;
    b->rng ^= b->rng >> 7;
    b->rng ^= b->rng << 17;
    return (b->rng >> 11) % n;
}

static bool one_in(struct bed *b, uint64_t n)
{
    return rnd(b, n) == 0;
}

static struct range window(const struct bed *b)
{
    return (struct range){b->base, b->base + PAGES * b->page - 1};
}

/* 8 bytes natively; 0 or the signal. */
__attribute__((no_sanitize("address", "undefined"))) static int native_load(uint64_t at,
                                                                            uint64_t *ret)
{
    caught = 0;
    if (sigsetjmp(escape, 1) == 0) {
        *ret = *(volatile uint64_t *)at;
    }
    return caught;
}

__attribute__((no_sanitize("address", "undefined"))) static int native_store(uint64_t at,
                                                                             uint64_t value)
{
    caught = 0;
    if (sigsetjmp(escape, 1) == 0) {
        *(volatile uint64_t *)at = value;
    }
    return caught;
}

static unsigned release(void)
{
    struct utsname u;
    unsigned major = 0;
    unsigned minor = 0;

    if (uname(&u) != 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2) {
        return 600;
    }
    return major > 6 || (major == 6 && minor >= 17) ? 617 : 600;
}

static uint64_t min_addr(void)
{
    FILE *f = fopen("/proc/sys/vm/mmap_min_addr", "r");
    unsigned long v = 65536;

    if (f) {
        if (fscanf(f, "%lu", &v) != 1) {
            v = 65536;
        }
        fclose(f);
    }
    return v;
}

static int setup(void **state)
{
    struct bed *b = calloc(1, sizeof(*b));
    struct err e;
    uint64_t room;
    char path[64];
    void *at;

    assert_non_null(b);
    *state = b;
    b->page = (uint64_t)sysconf(_SC_PAGESIZE);
    b->vm = vm_new();
    assert_non_null(b->vm);
    assert_int_equal(hostmap_open_best(&b->reader, &b->map, &e), 0);
    room = (PAGES + 2 * MARGIN) * b->page;
    at = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(at != MAP_FAILED);
    b->base = (uint64_t)at + MARGIN * b->page;
    b->fd[0] = memfd_create("native", 0);
    assert_true(b->fd[0] >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", b->fd[0]);
    b->fd[1] = open(path, O_RDONLY);
    b->fd[2] = open(path, O_WRONLY);
    assert_true(b->fd[1] >= 0 && b->fd[2] >= 0);
    return 0;
}

static int teardown(void **state)
{
    struct bed *b = *state;

    munmap((void *)(b->base - MARGIN * b->page), (PAGES + 2 * MARGIN) * b->page);
    for (int i = 0; i < FILES; i++) {
        close(b->fd[i]);
    }
    b->reader->close(b->map);
    region_vec_free(&b->theirs);
    region_vec_free(&b->ours);
    vm_free(b->vm);
    free(b);
    return 0;
}

static void begin(struct bed *b)
{
    struct vm_params params = vm_params_default(ABI_LINUX, b->page);
    struct vm_file_spec spec = {.size = FILE_PAGES * b->page / 2 + 100, .readable = true};
    struct rlimit stack;

    munmap((void *)b->base, PAGES * b->page);
    assert_int_equal(ftruncate(b->fd[0], 0), 0);
    assert_int_equal(ftruncate(b->fd[0], (off_t)spec.size), 0);
    params.release = release();
    params.known = window(b);
    params.min_addr = min_addr();
    params.privileged = geteuid() == 0;
    params.may_refuse = true;
    assert_int_equal(getrlimit(RLIMIT_STACK, &stack), 0);
    params.stack_max = stack.rlim_cur == RLIM_INFINITY ? 0 : stack.rlim_cur;
    b->p = vm_begin(b->vm, &params);
    assert_non_null(b->p);
    spec.writable = true;
    b->vm_fd[0] = vm_file_open(b->vm, &spec);
    b->vm_fd[1] = vm_file_reopen(b->vm, b->vm_fd[0], true, false);
    b->vm_fd[2] = vm_file_reopen(b->vm, b->vm_fd[0], false, true);
    assert_true(b->vm_fd[0] >= 0 && b->vm_fd[1] >= 0 && b->vm_fd[2] >= 0);
}

static struct vm_answer answer(long r)
{
    return r == -1 ? (struct vm_answer){.err = abi_errno_from_host(errno)}
                   : (struct vm_answer){.value = (uint64_t)r};
}

static void judge(struct bed *b, int rc, const struct vm_answer *seen, const struct vm_reply *ret)
{
    assert_int_equal(rc, 0);
    if (!ret->allowed) {
        fail_msg("seed %#llx: %s: kernel %d %#llx, specification %d %#llx by %s",
                 (unsigned long long)b->seed, b->call, seen->err, (unsigned long long)seen->value,
                 ret->took.err, (unsigned long long)ret->took.value, vm_rules[ret->rule].name);
    }
}

static uint64_t pick_addr(struct bed *b)
{
    uint64_t at = b->base + rnd(b, PAGES) * b->page;

    return one_in(b, 24) ? at + 1 + rnd(b, b->page - 1) : at;
}

/*
 * A length from AT that stays in the window, or one that wraps. Never one that reaches beyond: the
 * memory of this program is there.
 */
static uint64_t pick_len(struct bed *b, uint64_t at)
{
    uint64_t left = window(b).last + 1 - at;
    uint64_t len = (1 + rnd(b, 8)) * b->page;

    if (one_in(b, 24)) {
        return one_in(b, 2) ? 0 : UINT64_MAX - rnd(b, 2) * (b->page - 1);
    }
    if (one_in(b, 8)) {
        len -= rnd(b, b->page);
    }
    return u64_min(len, left);
}

/* For calls that refuse what is longer than user space. */
static uint64_t pick_any_len(struct bed *b, uint64_t at)
{
    return one_in(b, 24) ? (uint64_t)1 << (47 + rnd(b, 17)) : pick_len(b, at);
}

static int pick_prot(struct bed *b)
{
    static const int usual[] = {
        PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE, PROT_WRITE, PROT_READ | PROT_WRITE,
        PROT_READ | PROT_EXEC};

    return usual[rnd(b, ARRAY_LEN(usual))];
}

/* What went outside the window is taken away again, on both sides. */
static void forget_outside(struct bed *b, uint64_t at, uint64_t len)
{
    struct vm_reply ret;
    uint64_t size = u64_align_up_wrap(len, b->page);

    if (!range_overlaps(window(b), (struct range){at, at + (size - 1)})) {
        assert_int_equal(munmap((void *)at, size), 0);
        assert_int_equal(vm_munmap(b->p, at, size, NULL, &ret), 0);
    }
}

static void do_mmap(struct bed *b)
{
    static const uint32_t flags[] = {MAP_FIXED,
                                     MAP_FIXED,
                                     MAP_FIXED,
                                     0,
                                     MAP_FIXED_NOREPLACE,
                                     MAP_FIXED | MAP_GROWSDOWN,
                                     MAP_FIXED | MAP_NORESERVE,
                                     MAP_FIXED | MAP_STACK,
                                     MAP_FIXED | 0x80000,
                                     MAP_32BIT};
    static const uint32_t types[] = {MAP_PRIVATE, MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED, 3, 8, 0};
    int file = (int)rnd(b, FILES * 2);
    struct vm_mmap_args a = {.addr = pick_addr(b), .prot = (uint64_t)pick_prot(b)};
    int fd = -1;
    struct vm_answer seen;
    struct vm_reply ret;
    uint32_t type = types[rnd(b, one_in(b, 8) ? ARRAY_LEN(types) : 4)];

    a.len = pick_any_len(b, a.addr);
    a.flags = type | flags[rnd(b, one_in(b, 3) ? ARRAY_LEN(flags) : 5)];
    a.flags |= one_in(b, 12) ? MAP_LOCKED : 0;
    if (file < FILES) {
        fd = b->fd[file];
        a.fd = b->vm_fd[file];
        a.offset = rnd(b, FILE_PAGES) * b->page + (one_in(b, 20) ? 1 : 0);
    } else {
        a.flags |= MAP_ANONYMOUS;
        a.fd = -1;
    }
    if (!(a.flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && one_in(b, 2)) {
        a.addr = 0;
    }
    snprintf(b->call, sizeof(b->call), "mmap(%#llx+%#llx, %#llx, %llu, %#x, file %d, %#llx)",
             (unsigned long long)b->base, (unsigned long long)(a.addr - b->base),
             (unsigned long long)a.len, (unsigned long long)a.prot, a.flags, file,
             (unsigned long long)a.offset);
    seen = answer(syscall(SYS_mmap, a.addr, a.len, a.prot, a.flags, fd, a.offset));
    judge(b, vm_mmap(b->p, &a, &seen, &ret), &seen, &ret);
    if (!seen.err) {
        forget_outside(b, seen.value, a.len);
        b->done[0]++;
    }
}

static void do_munmap(struct bed *b)
{
    uint64_t at = pick_addr(b);
    uint64_t len = pick_any_len(b, at);
    struct vm_reply ret;
    struct vm_answer seen;

    snprintf(b->call, sizeof(b->call), "munmap(+%#llx, %#llx)", (unsigned long long)(at - b->base),
             (unsigned long long)len);
    seen = answer(syscall(SYS_munmap, at, len));
    judge(b, vm_munmap(b->p, at, len, &seen, &ret), &seen, &ret);
    b->done[1] += !seen.err;
}

static void do_mprotect(struct bed *b)
{
    /* No PROT_GROWSDOWN: where two stacks touch, only the kernel knows whether they are one. */
    static const uint64_t odd[] = {8, 16, PROT_GROWSUP, PROT_GROWSDOWN | PROT_GROWSUP,
                                   (uint64_t)1 << 32};
    uint64_t at = pick_addr(b);
    uint64_t len = pick_len(b, at);
    uint64_t prot = one_in(b, 12) ? odd[rnd(b, ARRAY_LEN(odd))] : (uint64_t)pick_prot(b);
    struct vm_reply ret;
    struct vm_answer seen;

    snprintf(b->call, sizeof(b->call), "mprotect(+%#llx, %#llx, %#llx)",
             (unsigned long long)(at - b->base), (unsigned long long)len, (unsigned long long)prot);
    seen = answer(syscall(SYS_mprotect, at, len, prot));
    judge(b, vm_mprotect(b->p, at, len, prot, &seen, &ret), &seen, &ret);
    b->done[2] += !seen.err;
}

static void do_mremap(struct bed *b)
{
    static const uint32_t flags[] = {0, 1, 3, 3, 3, 5, 7, 2, 4, 8};
    struct vm_mremap_args a = {.old_addr = pick_addr(b), .new_addr = pick_addr(b)};
    struct vm_answer seen;
    struct vm_reply ret;

    a.old_len = one_in(b, 10) ? 0 : pick_len(b, a.old_addr);
    a.flags = flags[rnd(b, one_in(b, 6) ? ARRAY_LEN(flags) : 7)];
    a.new_len = one_in(b, 2) ? a.old_len : pick_any_len(b, a.flags & 6 ? a.new_addr : a.old_addr);
    if ((a.flags & 6) && a.new_len < (uint64_t)1 << 40) {
        a.new_len = u64_min(a.new_len, window(b).last + 1 - a.new_addr);
    }
    snprintf(b->call, sizeof(b->call), "mremap(+%#llx, %#llx, %#llx, %u, +%#llx)",
             (unsigned long long)(a.old_addr - b->base), (unsigned long long)a.old_len,
             (unsigned long long)a.new_len, a.flags, (unsigned long long)(a.new_addr - b->base));
    seen = answer(syscall(SYS_mremap, a.old_addr, a.old_len, a.new_len, a.flags, a.new_addr));
    judge(b, vm_mremap(b->p, &a, &seen, &ret), &seen, &ret);
    if (!seen.err) {
        forget_outside(b, seen.value, a.new_len);
        b->done[3]++;
    }
}

static void do_msync(struct bed *b)
{
    uint64_t at = pick_addr(b);
    uint64_t len = pick_len(b, at);
    uint32_t flags = (uint32_t)rnd(b, one_in(b, 6) ? 16 : 8);
    struct vm_reply ret;
    struct vm_answer seen;

    snprintf(b->call, sizeof(b->call), "msync(+%#llx, %#llx, %u)",
             (unsigned long long)(at - b->base), (unsigned long long)len, flags);
    seen = answer(syscall(SYS_msync, at, len, flags));
    judge(b, vm_msync(b->p, at, len, flags, &seen, &ret), &seen, &ret);
    b->done[4] += !seen.err;
}

static void do_madvise(struct bed *b)
{
    uint64_t at = pick_addr(b);
    uint64_t len = pick_len(b, at);
    uint32_t advice = (uint32_t)rnd(b, 28);
    struct vm_reply ret;
    struct vm_answer seen;

    advice = one_in(b, 3) ? MADV_DONTNEED : advice;
    snprintf(b->call, sizeof(b->call), "madvise(+%#llx, %#llx, %u)",
             (unsigned long long)(at - b->base), (unsigned long long)len, advice);
    seen = answer(syscall(SYS_madvise, at, len, advice));
    judge(b, vm_madvise(b->p, at, len, advice, &seen, &ret), &seen, &ret);
    b->done[5] += !seen.err;
}

static void do_mincore(struct bed *b)
{
    unsigned char native[PAGES];
    unsigned char own[PAGES];
    uint64_t at = pick_addr(b);
    uint64_t len = pick_len(b, at);
    bool null = one_in(b, 6);
    struct vm_reply ret;
    struct vm_answer seen;

    snprintf(b->call, sizeof(b->call), "mincore(+%#llx, %#llx)", (unsigned long long)(at - b->base),
             (unsigned long long)len);
    seen = answer(syscall(SYS_mincore, at, len, null ? NULL : native));
    judge(b, vm_mincore(b->p, at, len, null ? NULL : own, &seen, &ret), &seen, &ret);
    b->done[6] += !seen.err;
}

static void do_store(struct bed *b)
{
    uint64_t at = b->base + rnd(b, PAGES) * b->page + (one_in(b, 2) ? b->page - 8 : 0);
    uint64_t value = rnd(b, 255) * 0x0101010101010101;
    struct vm_fault fault = {0};
    int sig;

    snprintf(b->call, sizeof(b->call), "store(+%#llx)", (unsigned long long)(at - b->base));
    vm_store(b->p, at, &value, sizeof(value), &fault);
    sig = native_store(at, value);
    if (sig != fault.signal) {
        fail_msg("seed %#llx: %s: kernel signal %d, specification %d", (unsigned long long)b->seed,
                 b->call, sig, fault.signal);
    }
    b->done[7] += sig == 0;
}

/* Something was stored behind the end of the file, in its last page. */
static bool tail_used(const struct bed *b)
{
    uint64_t size = (uint64_t)lseek(b->fd[0], 0, SEEK_END);
    uint64_t limit = u64_align_up_wrap(size, b->page);
    bool used = false;
    uint8_t *last;

    if (limit == size) {
        return false;
    }
    last = mmap(NULL, b->page, PROT_READ, MAP_SHARED, b->fd[0], (off_t)(limit - b->page));
    assert_true(last != MAP_FAILED);
    for (uint64_t i = size % b->page; i < b->page; i++) {
        used |= last[i] != 0;
    }
    munmap(last, b->page);
    return used;
}

/* What a file system does to a used tail when the file grows is its own affair. */
static void do_file(struct bed *b)
{
    uint64_t at = rnd(b, FILE_PAGES * b->page);
    uint8_t byte = (uint8_t)rnd(b, 255);

    if (tail_used(b)) {
        return;
    }
    if (one_in(b, 3)) {
        snprintf(b->call, sizeof(b->call), "truncate(%#llx)", (unsigned long long)at);
        assert_int_equal(ftruncate(b->fd[0], (off_t)at), 0);
        assert_int_equal(vm_file_truncate(b->vm, b->vm_fd[0], at), 0);
    } else {
        snprintf(b->call, sizeof(b->call), "pwrite(%#llx)", (unsigned long long)at);
        assert_int_equal(pwrite(b->fd[0], &byte, 1, (off_t)at), 1);
        assert_int_equal(vm_file_write(b->vm, b->vm_fd[0], &byte, 1, at), 1);
    }
    b->done[8]++;
}

static void compare_maps(struct bed *b)
{
    unsigned mask = REGION_MASK_PROT | REGION_MASK_KIND | REGION_MASK_SHARED;
    struct region_difference d;

    region_vec_clear(&b->theirs);
    region_vec_clear(&b->ours);
    assert_int_equal(b->reader->read(b->map, window(b), &b->theirs), 0);
    assert_int_equal(vm_regions(b->p, window(b), &b->ours), 0);
    /* Readers see shared anonymous memory as a file. */
    for (size_t i = 0; i < b->ours.n; i++) {
        b->ours.v[i].kind = b->ours.v[i].shared ? REGION_FILE : b->ours.v[i].kind;
    }
    for (size_t i = 0; i < b->theirs.n; i++) {
        b->theirs.v[i].kind = b->theirs.v[i].shared ? REGION_FILE : b->theirs.v[i].kind;
    }
    region_normalise(&b->theirs, mask);
    region_normalise(&b->ours, mask);
    if (region_diff(&b->theirs, &b->ours, window(b), mask, &d)) {
        struct buf text = BUF_INIT;

        region_vec_print(&b->theirs, &text);
        buf_str(&text, "specification\n");
        region_vec_print(&b->ours, &text);
        fail_msg("seed %#llx: after %s at +%#llx: kernel\n%s", (unsigned long long)b->seed, b->call,
                 (unsigned long long)(d.where.start - b->base), buf_text(&text));
    }
}

static void compare_page(struct bed *b, uint64_t at)
{
    struct vm_fault fault = {0};
    const uint8_t *bytes = NULL;
    uint64_t native = 0;
    uint64_t ours = 0;
    size_t len = 0;
    enum vm_bytes state;
    int sig = native_load(at, &native);

    vm_accessible(b->p, at, false, &fault);
    if (sig != fault.signal) {
        fail_msg("seed %#llx: after %s a load at +%#llx: kernel signal %d, specification %d",
                 (unsigned long long)b->seed, b->call, (unsigned long long)(at - b->base), sig,
                 fault.signal);
    }
    state = vm_view(b->p, at, &bytes, &len);
    if (sig || state == VM_BYTES_UNDEFINED) {
        return;
    }
    assert_true(state != VM_BYTES_NONE && len >= sizeof(ours));
    memcpy(&ours, bytes, sizeof(ours));
    if (native != ours && !(state == VM_BYTES_LAZY && native == 0)) {
        fail_msg("seed %#llx: after %s bytes at +%#llx: kernel %#llx, specification %#llx",
                 (unsigned long long)b->seed, b->call, (unsigned long long)(at - b->base),
                 (unsigned long long)native, (unsigned long long)ours);
    }
}

/* Every mapped page; a load below a stack would make it grow. */
static void compare_bytes(struct bed *b)
{
    for (size_t i = 0; i < b->theirs.n; i++) {
        for (uint64_t at = b->theirs.v[i].r.start; at < b->theirs.v[i].r.last; at += b->page) {
            compare_page(b, at);
            compare_page(b, at + b->page - 8);
        }
    }
}

static void run(struct bed *b, uint64_t seed)
{
    static void (*const calls[])(struct bed * b) = {
        do_mmap,    do_mmap,   do_mmap,   do_munmap,  do_mprotect, do_mprotect,
        do_mremap,  do_mremap, do_mremap, do_madvise, do_madvise,  do_msync,
        do_mincore, do_store,  do_store,  do_store,   do_file};

    b->seed = b->rng = seed;
    begin(b);
    for (unsigned i = 0; i < CALLS; i++) {
        const char *wrong;

        calls[rnd(b, ARRAY_LEN(calls))](b);
        if (getenv("NATIVE_SHOW")) {
            fprintf(stderr, "%s\n", b->call);
        }
        wrong = vm_check(b->p);
        if (wrong) {
            fail_msg("seed %#llx: after %s: %s", (unsigned long long)seed, b->call, wrong);
        }
        compare_maps(b);
        compare_bytes(b);
    }
}

static void test_kernel_agrees(void **state)
{
    struct bed *b = *state;
    struct sigaction sa = {.sa_handler = on_fault};
    const char *text = getenv("NATIVE_SEED");
    const char *rounds = getenv("NATIVE_ROUNDS");
    uint64_t seed = text ? strtoull(text, NULL, 0) : 0x5eed;
    unsigned n = rounds ? (unsigned)strtoul(rounds, NULL, 0) : ROUNDS;

    /* After cmocka's own, which it takes away again. */
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    print_message("# seed %#llx, %u rounds\n", (unsigned long long)seed, n);
    for (unsigned i = 0; i < n; i++) {
        run(b, text && n == 1 ? seed : seed * 0x9e3779b97f4a7c15 + i * 2 + 1);
    }
    for (unsigned i = 0; i <= 8; i++) {
        assert_true(b->done[i] > 10 || n < ROUNDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kernel_agrees, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
