# Outside reserved_va: munmap and mmap refuse, mprotect steps over, msync sees a hole.
config bits=32 reserved=0x10000000
requires freebsd
requires reserved
munmap(0x20000000, 0x1000) = -1 EINVAL
munmap(0xffff000, 0x2000) = -1 EINVAL
mprotect(0x20000000, 0x1000, PROT_READ) = 0
mprotect(0x30000, 0x1000, PROT_READ|PROT_WRITE) = 0
load(0x30000, 1) = SIGSEGV
msync(0x50000, 0x2000, MS_SYNC) = -1 ENOMEM
mmap(0xffff000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
r0 = mmap(0xffff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0xffff000
mprotect(0xffff000, 0x2000, PROT_READ) = 0
store(r0, 1, 1) = SIGSEGV
msync(0xffff000, 0x2000, MS_SYNC) = -1 ENOMEM
