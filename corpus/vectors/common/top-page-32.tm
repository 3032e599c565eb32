# The last pages of a 32-bit address space are like any others.
config bits=32
requires bits=32
r0 = mmap(0xffff0000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0xffff0000
store(0xffff0000, 0x10000, 0x41) = ok
mprotect(0xffff0000, 0x10000, PROT_READ) = 0
store(0xffffffff, 1, 1) = SIGSEGV
mprotect(0xffff0000, 0x10000, PROT_READ|PROT_WRITE|PROT_EXEC) = 0
exec(0xffffff00) = ok
store(0xffffff00, 16, 0x42) = ok
msync(0xffff0000, 0x10000, MS_SYNC) = 0
munmap(0xffff0000, 0x20000) = -1 EINVAL
load(0xffffffff, 1) = 0x41
munmap(0xffff0000, 0x10000) = 0
load(0xffffffff, 1) = SIGSEGV
