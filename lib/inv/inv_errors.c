/* SPDX-License-Identifier: GPL-2.0-or-later */
/* errno-set: a failure says so in one way, with a number that its system gives for that call. */
#include "inv/inv_priv.h"

enum { ERRNOS_MAX = 12 };

struct legal {
    enum op_kind kind;
    uint8_t on_linux[ERRNOS_MAX]; /* neutral numbers, 0 ends */
    uint8_t on_freebsd[ERRNOS_MAX];
};

/* vm-semantics A.3 to A.9 and C.2 to C.8, for what a program can ask for here. */
static const struct legal legal[] = {
    {OP_mmap,
     {ABI_EINVAL, ABI_ENOMEM, ABI_EBADF, ABI_EACCES, ABI_EEXIST, ABI_EPERM, ABI_EAGAIN, ABI_ENODEV,
      ABI_EOVERFLOW, ABI_EOPNOTSUPP},
     {ABI_EINVAL, ABI_ENOMEM, ABI_EBADF, ABI_EACCES, ABI_ENODEV, ABI_EOPNOTSUPP}},
    {OP_munmap, {ABI_EINVAL, ABI_ENOMEM}, {ABI_EINVAL}},
    {OP_mprotect,
     {ABI_EINVAL, ABI_ENOMEM, ABI_EACCES},
     {ABI_EINVAL, ABI_ENOMEM, ABI_EACCES, ABI_EOPNOTSUPP}},
    {OP_mremap, {ABI_EINVAL, ABI_ENOMEM, ABI_EFAULT, ABI_EAGAIN, ABI_EPERM}, {0}},
    {OP_msync, {ABI_EINVAL, ABI_ENOMEM, ABI_EBUSY}, {ABI_EINVAL, ABI_ENOMEM, ABI_EBUSY, ABI_EIO}},
    {OP_madvise,
     {ABI_EINVAL, ABI_ENOMEM, ABI_EACCES, ABI_EAGAIN, ABI_EBADF, ABI_EIO, ABI_EPERM},
     {ABI_EINVAL, ABI_EPERM}},
};

static bool is_legal(const struct inv_view *v, int err)
{
    for (size_t i = 0; i < ARRAY_LEN(legal); i++) {
        const uint8_t *list = v->is_linux ? legal[i].on_linux : legal[i].on_freebsd;

        for (size_t k = 0; legal[i].kind == v->kind && k < ERRNOS_MAX && list[k]; k++) {
            if (list[k] == err) {
                return true;
            }
        }
    }
    return false;
}

/* What the host said no with may be passed on, whatever the number. */
bool inv_host_said(const struct inv_view *v, int err)
{
    for (size_t i = 0; i < v->step->calls.n; i++) {
        if (v->step->calls.v[i].err && abi_errno_from_host(v->step->calls.v[i].err) == err) {
            return true;
        }
    }
    return false;
}

static bool has_errno(enum op_kind kind)
{
    for (size_t i = 0; i < ARRAY_LEN(legal); i++) {
        if (legal[i].kind == kind) {
            return true;
        }
    }
    return false;
}

bool inv_errno_set(const struct inv_view *v, struct inv_violation *ret)
{
    const struct outcome *o = v->out;
    const char *name;

    if (!v->failed || !has_errno(v->kind)) {
        return false;
    }
    if (o->value != UINT64_MAX) {
        return inv_say(ret, "the call failed but returned 0x%llx instead of -1",
                       (unsigned long long)o->value);
    }
    if (o->err == 0) {
        return inv_say(ret, "the call failed without writing errno");
    }
    if (is_legal(v, o->err) || inv_host_said(v, o->err)) {
        return false;
    }
    name = abi_errno_name(o->err);
    return inv_say(ret, "%s never fails with %s (%d) on %s, and no host call did",
                   op_descs[v->kind].name, name ? name : "this errno", o->err,
                   abi_system_name(v->ctx->system));
}
