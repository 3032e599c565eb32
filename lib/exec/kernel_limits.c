/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which limits of this system the native child's programs can meet: what can be foretold is said in
 * the record's place, for the rest a refusal must be allowed.
 */
#include "exec/kernel_impl.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "host/real.h"

enum {
    OVERCOMMIT_GUESS = 0,
    OVERCOMMIT_ALWAYS = 1,
    CAP_VERSION = 0x20080522, /* of the sets as two halves */
    CAP_LOCK_BIT = 14,
    MIN_ADDR_UNKNOWN = 65536,
};

/* The number in the file PATH, or INSTEAD. */
static unsigned long long read_number(const char *path, unsigned long long instead)
{
    unsigned long long n;
    FILE *f = fopen(path, "re");

    if (!f) {
        return instead;
    }
    if (fscanf(f, "%llu", &n) != 1) {
        n = instead;
    }
    fclose(f);
    return n;
}

static bool unlimited(int resource)
{
    struct rlimit r;

    return getrlimit((__rlimit_resource_t)resource, &r) == 0 && r.rlim_cur == RLIM_INFINITY;
}

static bool may_lock(void)
{
    struct {
        uint32_t version;
        int pid;
    } head = {.version = CAP_VERSION};
    struct {
        uint32_t effective, permitted, inheritable;
    } sets[2] = {{0}};

    return unlimited(RLIMIT_MEMLOCK) ||
           (syscall(SYS_capget, &head, sets) == 0 && (sets[0].effective >> CAP_LOCK_BIT & 1));
}

/*
 * The newest rules that the running kernel is known to follow. A process may have asked uname to
 * lie (UNAME26).
 */
static unsigned find_release(void)
{
    FILE *f = fopen("/proc/sys/kernel/osrelease", "re");
    unsigned major = 0;
    unsigned minor = 0;
    int n;

    if (!f) {
        return 0;
    }
    n = fscanf(f, "%u.%u", &major, &minor);
    fclose(f);
    if (n != 2) {
        return 0;
    }
    return major > 6 || (major == 6 && minor >= 17) ? 617 : 600;
}

void kernel_limits(struct record_place *p)
{
    unsigned long long mode = read_number("/proc/sys/vm/overcommit_memory", UINT64_MAX);
    struct sysinfo info;
    struct rlimit stack;

    p->release = find_release();
    p->page = (uint64_t)sysconf(_SC_PAGESIZE);
    p->fixed_min =
        u64_align_up_wrap(read_number("/proc/sys/vm/mmap_min_addr", MIN_ADDR_UNKNOWN), p->page);
    if (getrlimit(RLIMIT_STACK, &stack) == 0) {
        p->stack_max = stack.rlim_cur == RLIM_INFINITY ? UINT64_MAX : stack.rlim_cur;
    }
    p->may_refuse = !unlimited(RLIMIT_AS) || !unlimited(RLIMIT_DATA) || !may_lock() ||
                    (mode != OVERCOMMIT_GUESS && mode != OVERCOMMIT_ALWAYS);
    p->exec_only = host_real()->caps.exec_only;
    if (mode == OVERCOMMIT_GUESS && sysinfo(&info) == 0) {
        p->commit_max = ((uint64_t)info.totalram + info.totalswap) * info.mem_unit;
    }
}
