# Address space 1 of threads.strace, process 5135. Addresses the kernel chose are results,
# later addresses inside them are result+offset; descriptors are files.
# line 14: placed anywhere, its fixed address belonged to nothing known
twinmap 1
requires guest_page=4096
requires linux
r0 = mmap(NULL, 0x801000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = ok
mprotect(r0+0x1000, 0x800000, PROT_READ|PROT_WRITE) = ok
r1 = mmap(NULL, 0x8000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
munmap(r1, 0x2c00000) = ok
r2 = mmap(NULL, 0x31000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r3 = mmap(NULL, 0x31000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r4 = mremap(r2, 0x31000, 0xdc000, MREMAP_MAYMOVE) = ok
madvise(r3, 0x1000, MADV_DONTNEED) = ok
madvise(r4, 0x2000, MADV_DONTNEED) = ok
r5 = mmap(NULL, 0x10000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
mmap(r1+0x2c00000, 0x10000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
