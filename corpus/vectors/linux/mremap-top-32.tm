# mremap at the top of a 32-bit address space.
config bits=32
requires linux
requires bits=32
r0 = mmap(0xfffe0000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0xfffe0000
store(r0, 0x10000, 0x41) = ok
mremap(r0, 0x10000, 0x20000, 0) = 0xfffe0000
load(0xffff0000, 0x10000) = 0
mremap(r0, 0x20000, 0x30000, 0) = -1 ENOMEM
r1 = mremap(r0, 0x20000, 0x30000, MREMAP_MAYMOVE) = ok
load(r1, 0x10000) = 0x41
mremap(r1, 0x30000, 0x20000, MREMAP_MAYMOVE|MREMAP_FIXED, 0xffff0000) = -1 EINVAL
r2 = mremap(r1, 0x30000, 0x10000, MREMAP_MAYMOVE|MREMAP_FIXED, 0xffff0000) = 0xffff0000
load(r2, 0x10000) = 0x41
mremap(r2, 0x20000, 0x30000, MREMAP_MAYMOVE) = -1 EFAULT
mprotect(r2, 0x20000, PROT_READ) = -1 ENOMEM
