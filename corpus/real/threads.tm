# Address space 1 of threads.strace, process 5135. Addresses the kernel chose are results,
# later addresses inside them are result+offset; descriptors are files.
# r0 stands for memory used without having been mapped, 0x5617888ab000 to 0x5617888cbfff
# r1 stands for memory used without having been mapped, 0x7fc87a686000 to 0x7fc87a6a7fff
# f0 is /etc/ld.so.cache
# f1 is /lib/x86_64-linux-gnu/libc.so.6
# r7 keeps the place of the heap, 0x5617c06ae000 to 0x5617c06cefff, which grows by MAP_FIXED
twinmap 1
requires guest_page=4096
requires linux
file f0 size=46539 open=O_RDONLY
file f1 size=1926232 open=O_RDONLY
r0 = mmap(NULL, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
r1 = mmap(NULL, 0x22000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
r2 = mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r3 = mmap(NULL, 0xb5cb, PROT_READ, MAP_PRIVATE, f0, 0) = ok
r4 = mmap(NULL, 0x1e1f50, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f1, 0) = ok
mmap(r4+0x26000, 0x156000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x26000) = ok
mmap(r4+0x17c000, 0x53000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x17c000) = ok
mmap(r4+0x1cf000, 0x6000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x1cf000) = ok
mmap(r4+0x1d5000, 0xcf50, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r5 = mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
mprotect(r4+0x1cf000, 0x4000, PROT_READ) = ok
mprotect(r0+0x10000, 0x1000, PROT_READ) = ok
mprotect(r1+0x10000, 0x2000, PROT_READ) = ok
munmap(r3, 0xb5cb) = ok
r6 = mmap(NULL, 0x801000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = ok
mprotect(r6+0x1000, 0x800000, PROT_READ|PROT_WRITE) = ok
r7 = mmap(NULL, 0x21000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
mmap(r7, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r8 = mmap(NULL, 0x801000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = ok
mprotect(r8+0x1000, 0x800000, PROT_READ|PROT_WRITE) = ok
r9 = mmap(NULL, 0x8000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
munmap(r9, 0x2c00000) = ok
munmap(r9+0x6c00000, 0x1400000) = ok
r10 = mmap(NULL, 0x801000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = ok
mprotect(r10+0x1000, 0x800000, PROT_READ|PROT_WRITE) = ok
r11 = mmap(NULL, 0x8000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
mprotect(r9+0x2c00000, 0x21000, PROT_READ|PROT_WRITE) = ok
munmap(r11+0x4000000, 0x4000000) = ok
mprotect(r11, 0x21000, PROT_READ|PROT_WRITE) = ok
r12 = mmap(NULL, 0x31000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r13 = mmap(NULL, 0x31000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r14 = mremap(r13, 0x31000, 0xdc000, MREMAP_MAYMOVE) = ok
r15 = mremap(r12, 0x31000, 0xdc000, MREMAP_MAYMOVE) = ok
munmap(r15, 0xdc000) = ok
r16 = mmap(NULL, 0x801000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = ok
munmap(r14, 0xdc000) = ok
mprotect(r16+0x1000, 0x800000, PROT_READ|PROT_WRITE) = ok
mprotect(r9+0x2c21000, 0x1d000, PROT_READ|PROT_WRITE) = ok
mprotect(r11+0x21000, 0x1d000, PROT_READ|PROT_WRITE) = ok
r17 = mmap(r11+0x4000000, 0x4000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
mprotect(r17, 0x21000, PROT_READ|PROT_WRITE) = ok
mprotect(r9+0x2c3e000, 0xdc000, PROT_READ|PROT_WRITE) = ok
mprotect(r11+0x3e000, 0xdc000, PROT_READ|PROT_WRITE) = ok
mprotect(r17+0x21000, 0x11000, PROT_READ|PROT_WRITE) = ok
r18 = mmap(NULL, 0x8000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
munmap(r18+0x4000000, 0x4000000) = ok
mprotect(r18, 0x21000, PROT_READ|PROT_WRITE) = ok
mprotect(r17+0x32000, 0xdc000, PROT_READ|PROT_WRITE) = ok
madvise(r8, 0x7fb000, MADV_DONTNEED) = ok
madvise(r6, 0x7fb000, MADV_DONTNEED) = ok
mprotect(r18+0x21000, 0x11000, PROT_READ|PROT_WRITE) = ok
mprotect(r18+0x32000, 0xdc000, PROT_READ|PROT_WRITE) = ok
r19 = mmap(NULL, 0x119000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r20 = mmap(NULL, 0x119000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r21 = mremap(r19, 0x119000, 0xdc000, MREMAP_MAYMOVE) = ok
r22 = mremap(r20, 0x119000, 0xdc000, MREMAP_MAYMOVE) = ok
munmap(r21, 0xdc000) = ok
munmap(r22, 0xdc000) = ok
madvise(r16, 0x7fb000, MADV_DONTNEED) = ok
madvise(r10, 0x7fb000, MADV_DONTNEED) = ok
