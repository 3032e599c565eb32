# Nothing outside reserved_va changes rights.
config bits=32 reserved=0x10000000
requires linux
requires reserved
mprotect(0x20000000, 0x1000, PROT_READ) = -1 ENOMEM
r0 = mmap(0xffff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0xffff000
mprotect(0xffff000, 0x2000, PROT_READ) = -1 ENOMEM
store(r0, 1, 1) = SIGSEGV
msync(0xffff000, 0x2000, MS_SYNC) = -1 ENOMEM
