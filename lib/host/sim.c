/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life of the simulated hosts: machines, their processes and files. The calls: sim_calls.c. */
#include "host/sim.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/int.h"
#include "host/sim_int.h"

#define PAGE_MIN UINT64_C(4096)
#define PAGE_MAX UINT64_C(65536)
#define LINUX_MIN_ADDR UINT64_C(65536)
#define FRAMES_DEFAULT (UINT64_C(256) << 20)

int sim_host_new(struct sim_host **ret, enum abi_system system, struct err *e)
{
    bool linux_like = system == ABI_LINUX;
    struct sim_host *s = calloc(1, sizeof(*s));

    if (s) {
        s->vm = vm_new();
    }
    if (!s || !s->vm) {
        free(s);
        return err_set(e, -ENOMEM, "no memory for a simulated host");
    }
    s->system = system;
    s->host = (struct host){
        .ops = linux_like ? &sim_linux_ops : &sim_freebsd_ops,
        .caps = {.remap = linux_like, .noreplace = true},
    };
    *ret = s;
    return 0;
}

struct sim_host *sim_host_free(struct sim_host *s)
{
    if (s) {
        region_vec_free(&s->regions);
        s->vm = vm_free(s->vm);
        free(s);
    }
    return NULL;
}

/*
 * Another end of user space. Placement keeps its distance to it: on Linux the room of the stack,
 * five sixths at most; on FreeBSD the data segment's, a third where that is not there.
 */
static void set_last(struct vm_params *p, uint64_t last)
{
    uint64_t room = p->last - p->place;

    p->last = u64_align_down(last + 1, p->page) - 1;
    if (p->system == ABI_LINUX) {
        room = u64_min(room, p->last / 6 * 5);
        p->place = u64_align_down(p->last - room, p->page) - 1;
    } else if (p->place >= p->last / 2) {
        p->place = u64_align_down(p->last / 3, p->page);
    }
}

static struct vm_params params_of(const struct sim_host *s, const struct sim_setup *setup)
{
    struct vm_params p = vm_params_default(s->system, setup->page);
    uint64_t min_addr = setup->min_addr;

    if (setup->last) {
        set_last(&p, setup->last);
    }
    if (min_addr == 0) {
        min_addr = s->system == ABI_LINUX ? LINUX_MIN_ADDR : setup->page;
    }
    p.min_addr = u64_max(u64_align_up_wrap(min_addr, setup->page), setup->page);
    p.known = (struct range){0, UINT64_MAX};
    p.areas_max = setup->areas_max;
    p.bytes_max = setup->bytes_max;
    p.frames_max = setup->frames_max ? setup->frames_max : FRAMES_DEFAULT;
    p.exec_only = setup->exec_only;
    p.merge = !setup->no_merge;
    p.may_refuse = false;
    return p;
}

int sim_host_begin(struct sim_host *s, const struct sim_setup *setup, struct err *e)
{
    struct vm_params params;
    struct vm_proc *first;

    if (!u64_is_pow2(setup->page) || setup->page < PAGE_MIN || setup->page > PAGE_MAX) {
        return err_set(e, -EINVAL, "a simulated host has pages of 4 to 64 KiB, not 0x%" PRIx64,
                       setup->page);
    }
    params = params_of(s, setup);
    if (params.last <= params.min_addr) {
        return err_set(e, -EINVAL, "no address space between 0x%" PRIx64 " and 0x%" PRIx64,
                       params.min_addr, params.last);
    }
    s->n_procs = 0;
    first = vm_begin(s->vm, &params);
    if (!first) {
        return err_set(e, -ENOMEM, "no memory for a simulated host");
    }
    s->procs[s->n_procs++] = first;
    s->host.page = params.page;
    s->host.min_addr = params.min_addr;
    return 0;
}

struct host *sim_host_host(struct sim_host *s)
{
    return &s->host;
}

int sim_host_file(struct sim_host *s, const struct vm_file_spec *spec)
{
    return vm_file_open(s->vm, spec);
}

int sim_host_foreign(struct sim_host *s, uint64_t addr, uint64_t len)
{
    const struct host_map_req req = {
        .addr = addr,
        .len = len,
        .prot = HOST_R | HOST_W,
        .flags = HOST_MAP_PRIVATE | HOST_MAP_ANON | HOST_MAP_FIXED | HOST_MAP_NOREPLACE,
        .fd = -1,
    };
    uint64_t at;

    return host_map(&s->host, &req, &at);
}

struct vm_proc *sim_host_proc(struct sim_host *s)
{
    return sim_current(s);
}

struct vm *sim_host_vm(struct sim_host *s)
{
    return s->vm;
}

int sim_host_fork(struct sim_host *s)
{
    int rc;

    if (s->n_procs == SIM_PROCS_MAX) {
        return -ENOMEM;
    }
    rc = vm_fork(sim_current(s), &s->procs[s->n_procs]);
    s->n_procs += rc == 0;
    return rc;
}

void sim_host_exit(struct sim_host *s)
{
    assert(s->n_procs > 1);
    vm_exit(sim_current(s));
    s->n_procs--;
}
