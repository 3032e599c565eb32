/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An executable specification of a kernel's virtual memory: page size, address space and
 * personality (Linux, FreeBSD) are parameters. At the host's page size it is a simulated host; at
 * the guest's it is what a guest program must see. No system calls, no time, no chance: equal calls
 * have equal effects. Once warm nothing is allocated.
 *
 * Addresses, lengths and offsets are numbers in bytes. Flags are the personality's own numbers
 * (abi/abi.h: linux_mapflag, freebsd_mapflag and so on); errno numbers are neutral and positive.
 * Signals are those of <signal.h>. Not here: descriptors' life, names, swapping, time, chance.
 */
#pragma once

#include "abi/abi.h"
#include "base/range.h"
#include "region/region.h"

struct vm;      /* a machine: its files, shared objects and page frames */
struct vm_proc; /* a process: one address space of that machine */

struct vm_params {
    enum abi_system system;
    unsigned release; /* Linux 617 (6.17 and later rules), 600 (before); FreeBSD 13; 0 the newest */
    unsigned bits;    /* width of a register: 32 or 64 */
    uint64_t page;    /* P: power of two */
    uint64_t last;    /* last address of user space (TASK_SIZE - 1, vm_map_max - 1) */
    uint64_t min_addr;  /* Linux: mmap_min_addr; FreeBSD: vm_map_min is this, but at least P */
    bool privileged;    /* Linux: may map below min_addr */
    uint64_t fixed_min; /* Linux: where others may not map below; 0: min_addr */
    /*
     * Where all that is mapped is this machine's own doing. Outside it somebody else may hold
     * memory that the specification does not know: what looks free there may or may not be.
     */
    struct range known;
    /*
     * Where placement without a hint begins. Linux: the last address of the highest block
     * (mmap_base - 1), searched downwards. FreeBSD: the default address, searched upwards.
     */
    uint64_t place;
    uint64_t text;        /* FreeBSD: hints in [text, place) become place; 0: no such rule */
    uint64_t areas_max;   /* Linux vm.max_map_count; 0: none */
    uint64_t bytes_max;   /* RLIMIT_AS of a process; 0: none */
    uint64_t frames_max;  /* bytes that all page frames may take together; beyond: -ENOMEM */
    uint64_t stack_guard; /* Linux: gap below a GROWSDOWN area; FreeBSD: bytes of guard pages */
    uint64_t stack_max;   /* Linux RLIMIT_STACK: bytes of an area that has grown; 0: no limit */
    /*
     * A simulated host merges compatible neighbours always, which is one thing a kernel may do. A
     * model must not: where a kernel may have merged or not, both outcomes are allowed.
     */
    bool merge;
    /* Overcommit, RLIMIT_AS, RLIMIT_MEMLOCK of a real kernel may refuse: ENOMEM and EAGAIN too. */
    bool may_refuse;
    /*
     * Linux that guesses about overcommit: one request that commits to more bytes is refused, for
     * certain; 0: no such limit.
     */
    uint64_t commit_max;
    /*
     * Linux on a processor with protection keys: what is given X, and nothing beside it in the
     * call's argument, cannot be read. Elsewhere X implies R.
     */
    bool exec_only;
};
/* The usual 64-bit machine of SYSTEM with pages of PAGE bytes: all limits filled in. */
struct vm_params vm_params_default(enum abi_system system, uint64_t page);

/* NULL without memory. Free takes NULL and returns NULL. */
struct vm *vm_new(void);
struct vm *vm_free(struct vm *vm);
/*
 * A machine with these parameters, no files and one process without any mapping, returned;
 * everything that was before is gone, memory and rule counters are kept. NULL without memory.
 */
struct vm_proc *vm_begin(struct vm *vm, const struct vm_params *params);
const struct vm_params *vm_params_of(const struct vm *vm);

/* Files */

enum vm_file_kind {
    VM_FILE_REGULAR,
    VM_FILE_DIRECTORY,
    VM_FILE_PIPE_READ,
    VM_FILE_PIPE_WRITE,
    VM_FILE_DEV_ZERO,
    VM_FILE_DEV_OTHER, /* a character device with memory of its own */
};

struct vm_file_spec {
    uint64_t size; /* bytes, of a regular file */
    uint8_t kind;  /* enum vm_file_kind */
    bool readable; /* by this descriptor */
    bool writable;
    bool noexec; /* on a file system mounted noexec */
    bool append_only;
    uint64_t identity; /* region.object of its mappings; 0: chosen here, never 0 then */
    /* Bytes [OFFSET, OFFSET + LEN) before any store; NULL: zeros. Called once per page at most. */
    void (*fill)(void *arg, unsigned index, uint64_t offset, void *buf, size_t len);
    void *arg;
    unsigned index; /* for fill */
};
/* A new file, open. The descriptor (from 3 upwards) or -ENOMEM. Descriptors are the machine's. */
int vm_file_open(struct vm *vm, const struct vm_file_spec *spec);
/* Another descriptor of FD's file, opened anew. */
int vm_file_reopen(struct vm *vm, int fd, bool readable, bool writable);
/* NULL if FD is not open. Owned by the machine, valid until the next open or begin. */
const struct vm_file_spec *vm_file_stat(const struct vm *vm, int fd, uint64_t *size,
                                        uint64_t *identity);
/* Bytes read (short only at EOF) or a negative neutral errno; write extends the file. */
int64_t vm_file_read(struct vm *vm, int fd, void *buf, size_t len, uint64_t offset);
int64_t vm_file_write(struct vm *vm, int fd, const void *buf, size_t len, uint64_t offset);
/* 0 or a negative neutral errno. What mappings see of it: vm-semantics C.9, A.11. */
int vm_file_truncate(struct vm *vm, int fd, uint64_t size);

/* System calls */

struct vm_answer {
    int err;        /* 0, or a neutral errno */
    uint64_t value; /* of a success: address or 0 */
};

enum { VM_ERRS_MAX = 6 };

/* The set of answers a kernel may give, and the one that was taken. */
struct vm_reply {
    struct vm_answer took;
    bool allowed;     /* what was seen is in the set; true if nothing was seen */
    bool may_succeed; /* the set */
    bool any_place;   /* a success may have any value that is a free, legal place */
    uint8_t n_errs;
    int errs[VM_ERRS_MAX];
    uint16_t err_rules[VM_ERRS_MAX]; /* enum vm_rule that allows each of them */
    uint16_t rule;                   /* enum vm_rule that decided */
};

/*
 * How all calls work. SEEN is what a real kernel, or a layer, answered; NULL: nobody was asked.
 *   SEEN in the set: done that way.
 *   SEEN not in the set: nothing is done; took is what would have been done without it.
 *   SEEN NULL: the default is done, the same every time.
 * A call that fails may have had effects all the same (mprotect up to a hole): vm-semantics.md says
 * which. They return 0, or -ENOMEM if this process has no memory, with nothing done.
 */
struct vm_mmap_args {
    uint64_t addr;
    uint64_t len;
    uint64_t prot;
    uint32_t flags;
    int fd;
    uint64_t offset; /* bytes */
};
int vm_mmap(struct vm_proc *p, const struct vm_mmap_args *a, const struct vm_answer *seen,
            struct vm_reply *ret);
int vm_munmap(struct vm_proc *p, uint64_t addr, uint64_t len, const struct vm_answer *seen,
              struct vm_reply *ret);
int vm_mprotect(struct vm_proc *p, uint64_t addr, uint64_t len, uint64_t prot,
                const struct vm_answer *seen, struct vm_reply *ret);
struct vm_mremap_args {
    uint64_t old_addr, old_len, new_len;
    uint32_t flags;
    uint64_t new_addr;
};
/* Linux; ENOSYS on FreeBSD. */
int vm_mremap(struct vm_proc *p, const struct vm_mremap_args *a, const struct vm_answer *seen,
              struct vm_reply *ret);
int vm_msync(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t flags,
             const struct vm_answer *seen, struct vm_reply *ret);
int vm_madvise(struct vm_proc *p, uint64_t addr, uint64_t len, uint32_t advice,
               const struct vm_answer *seen, struct vm_reply *ret);
/* VEC (may be NULL: EFAULT where a kernel would write) gets one byte per page: bit 0 for memory. */
int vm_mincore(struct vm_proc *p, uint64_t addr, uint64_t len, uint8_t *vec,
               const struct vm_answer *seen, struct vm_reply *ret);
/* FreeBSD; ENOSYS on Linux. */
int vm_minherit(struct vm_proc *p, uint64_t addr, uint64_t len, int inherit,
                const struct vm_answer *seen, struct vm_reply *ret);
/* Whether VALUE is a place that a kernel could give to LEN bytes of a map without FIXED. */
bool vm_place_legal(const struct vm_proc *p, uint64_t value, uint64_t len);

/*
 * A copy of P as fork makes it, in *RET; 0 or -ENOMEM. The first process of a machine has no exit.
 */
int vm_fork(struct vm_proc *p, struct vm_proc **ret);
void vm_exit(struct vm_proc *child);

/* Memory as a program sees it */

struct vm_fault {
    int signal;    /* SIGSEGV, SIGBUS; 0 none */
    int code;      /* si_code: SEGV_MAPERR 1, SEGV_ACCERR 2, BUS_ADRERR 2, BUS_OBJERR 3 */
    uint64_t addr; /* first byte that could not be accessed */
};
/*
 * 0; -EFAULT with *FAULT filled (may be NULL), the bytes before it having been moved; -ENOMEM if
 * frames_max is reached. store: BUF NULL writes zeros.
 */
int vm_load(struct vm_proc *p, uint64_t addr, void *buf, size_t len, struct vm_fault *fault);
int vm_store(struct vm_proc *p, uint64_t addr, const void *buf, size_t len, struct vm_fault *fault);
/* The same whatever the rights; -EFAULT where nothing is mapped or past EOF. */
int vm_peek(struct vm_proc *p, uint64_t addr, void *buf, size_t len);
int vm_poke(struct vm_proc *p, uint64_t addr, const void *buf, size_t len);
/* What an access to the page at ADDR meets, nothing being done. False with *FAULT if it faults. */
bool vm_accessible(struct vm_proc *p, uint64_t addr, bool write, struct vm_fault *fault);

enum vm_bytes {
    VM_BYTES_NONE,      /* not mapped, or past EOF */
    VM_BYTES_KNOWN,     /* exactly these */
    VM_BYTES_LAZY,      /* these, or zeros (MADV_FREE) */
    VM_BYTES_UNDEFINED, /* nobody can say */
};
/*
 * The bytes at ADDR up to the end of its page without copying: *RET points to them (until the next
 * call), *LEN counts them. Two pages that were never written may share one block of zeros: equal
 * pointers are equal bytes.
 */
enum vm_bytes vm_view(struct vm_proc *p, uint64_t addr, const uint8_t **ret, size_t *len);
/*
 * From now on nobody can say what the mapped pages of R hold, until they are stored to whole or
 * replaced.
 */
int vm_undefine(struct vm_proc *p, struct range r);
/*
 * The first page at or behind *AT within R that holds bytes of its own (a private copy, or a
 * page of an object that differs from the object's fresh bytes): true and *AT its address.
 */
bool vm_next_written(const struct vm_proc *p, struct range r, uint64_t *at);
/* The page at AT is a copy of P's own: stored to through a private mapping. */
bool vm_private_copy(const struct vm_proc *p, uint64_t at);

/*
 * What is mapped within WITHIN, cut to it, appended as regions: kind, rights, sharing, identity and
 * offset as hostmap's readers show them. 0 or -ENOMEM.
 */
int vm_regions(const struct vm_proc *p, struct range within, struct region_vec *out);
/* Whether what is mapped at AT is shared, also where no reader can tell (FreeBSD, anonymous). */
bool vm_shared(const struct vm_proc *p, uint64_t at);
size_t vm_areas(const struct vm_proc *p);      /* mappings held now */
uint64_t vm_frame_bytes(const struct vm *vm);  /* held by frames in use */
uint64_t vm_memory_bytes(const struct vm *vm); /* everything allocated, free lists included */
/* NULL, or what is wrong with P's own books. For tests. */
const char *vm_check(const struct vm_proc *p);

/* Follow what is known to have happened, against the rules: for oracles that must go on. */

/* Map exactly so at args->addr, whatever the checks would say; flags and fd as for vm_mmap. */
int vm_force_mmap(struct vm_proc *p, const struct vm_mmap_args *a);
/* Take away, or set the rights of, the mapped pages of R. */
int vm_force_unmap(struct vm_proc *p, struct range r);
int vm_force_protect(struct vm_proc *p, struct range r, int prot);

/* Rules: one per check and per behaviour; which were exercised is counted. */

enum vm_rule {
#define VM_RULE(id, err, source, title) VM_RULE_##id,
#include "vm/rules.def"
#undef VM_RULE
    VM_RULE_COUNT,
};

struct vm_rule_desc {
    const char *name;
    int err;            /* neutral errno it answers; 0: a behaviour */
    const char *source; /* section of vm-semantics, kernel file and function */
    const char *title;
    const char *unreached; /* why no program reaches it; NULL: one does */
};
extern const struct vm_rule_desc vm_rules[VM_RULE_COUNT];
/* VM_RULE_COUNT counters: how often each was exercised since vm_new. */
const uint64_t *vm_rule_hits(const struct vm *vm);
