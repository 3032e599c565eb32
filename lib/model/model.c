/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model's life: the machine that a program runs on, its files, its processes. */
#include "model/model.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/model_int.h"

#define FRAMES_MAX_DEFAULT (UINT64_C(256) << 20)

enum { PATTERN_GRAIN = 512 }; /* bytes over which prog_file_byte is constant */

struct model *model_new(void)
{
    struct model *m = calloc(1, sizeof(*m));

    if (!m) {
        return NULL;
    }
    m->vm = vm_new();
    return m->vm ? m : model_free(m);
}

struct model *model_free(struct model *m)
{
    if (!m) {
        return NULL;
    }
    vm_free(m->vm);
    region_vec_free(&m->have);
    free(m);
    return NULL;
}

static void file_pattern(void *arg, unsigned index, uint64_t offset, void *buf, size_t len)
{
    uint8_t *to = buf;

    (void)arg;
    while (len > 0) {
        size_t same = u64_min(len, PATTERN_GRAIN - offset % PATTERN_GRAIN);

        memset(to, prog_file_byte(index, offset), same);
        to += same;
        offset += same;
        len -= same;
    }
}

/*
 * Where a search for room begins: at the end from which it meets all there is, so that ENOMEM means
 * that nothing fits. FreeBSD's own place is above a data segment, which no guest has here.
 */
static uint64_t first_place(const struct model_setup *s)
{
    if (s->system == ABI_LINUX) {
        return u64_min(s->last, s->known.last);
    }
    return u64_align_up_wrap(u64_max(u64_max(s->min_addr, s->known.start), s->page), s->page);
}

static struct vm_params machine_of(const struct model_setup *s)
{
    struct vm_params p = vm_params_default(s->system, s->page);

    p.release = s->release;
    p.bits = s->bits;
    p.last = s->last;
    p.min_addr = s->min_addr;
    p.privileged = s->privileged;
    p.fixed_min = s->fixed_min;
    p.known = s->known;
    p.place = first_place(s);
    p.text = 0;
    p.areas_max = 0;
    p.bytes_max = 0;
    p.frames_max = s->frames_max ? s->frames_max : FRAMES_MAX_DEFAULT;
    p.merge = false;
    p.may_refuse = s->may_refuse;
    p.commit_max = s->commit_max;
    p.exec_only = s->exec_only;
    p.stack_max = s->stack_max ? s->stack_max : p.stack_max;
    return p;
}

static int open_file(struct model *m, const struct prog_file *f, unsigned index)
{
    const struct model_setup *s = &m->setup;
    struct vm_file_spec spec = {
        .size = f->size,
        .kind = VM_FILE_REGULAR,
        .readable = f->open != PROG_WRONLY,
        .writable = f->open != PROG_RDONLY,
        .identity = s->identity ? s->identity[index] : 0,
        .fill = s->fill ? s->fill : file_pattern,
        .arg = s->fill_arg,
        .index = index,
    };

    m->fds[index] = vm_file_open(m->vm, &spec);
    return m->fds[index] < 0 ? m->fds[index] : 0;
}

int model_begin(struct model *m, const struct prog *p, const struct model_setup *s)
{
    struct vm_params params = machine_of(s);
    int rc = 0;

    assert(u64_is_pow2(s->page) && s->page <= MODEL_CHUNK);
    m->setup = *s;
    m->depth = 0;
    m->n_files = 0;
    m->procs[0] = vm_begin(m->vm, &params);
    if (!m->procs[0]) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < p->files.n && rc == 0; i++) {
        rc = open_file(m, &p->files.v[i], (unsigned)i);
        m->n_files = i + 1;
    }
    m->identities = s->identity != NULL;
    m->setup.identity = NULL; /* the caller's array may go */
    return rc;
}

int model_fork(struct model *m)
{
    int rc;

    assert(m->depth < PROG_FORKS_MAX);
    rc = vm_fork(m->procs[m->depth], &m->procs[m->depth + 1]);
    if (rc == 0) {
        m->depth++;
    }
    return rc;
}

void model_wait(struct model *m)
{
    assert(m->depth > 0);
    vm_exit(m->procs[m->depth--]);
}

struct vm_proc *model_proc(const struct model *m)
{
    return m->procs[m->depth];
}

const struct vm *model_vm(const struct model *m)
{
    return m->vm;
}
