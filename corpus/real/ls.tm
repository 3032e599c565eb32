# Address space 1 of ls.strace, process 4353. Addresses the kernel chose are results,
# later addresses inside them are result+offset; descriptors are files.
# r0 stands for memory used without having been mapped, 0x560412725000 to 0x560412745fff
# r1 stands for memory used without having been mapped, 0x7fa3a6ecc000 to 0x7fa3a6eedfff
# f0 is /etc/ld.so.cache
# f1 is /lib/x86_64-linux-gnu/libselinux.so.1
# f2 is /lib/x86_64-linux-gnu/libc.so.6
# f3 is /lib/x86_64-linux-gnu/libpcre2-8.so.0
# r8 keeps the place of the heap, 0x560433439000 to 0x560433459fff, which grows by MAP_FIXED
twinmap 1
requires guest_page=4096
file f0 size=46539 open=O_RDONLY
file f1 size=174312 open=O_RDONLY
file f2 size=1926232 open=O_RDONLY
file f3 size=629384 open=O_RDONLY
r0 = mmap(NULL, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
r1 = mmap(NULL, 0x22000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
r2 = mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r3 = mmap(NULL, 0xb5cb, PROT_READ, MAP_PRIVATE, f0, 0) = ok
r4 = mmap(NULL, 0x2d6d0, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f1, 0) = ok
mmap(r4+0x7000, 0x1b000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x7000) = ok
mmap(r4+0x22000, 0x8000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x22000) = ok
mmap(r4+0x2a000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x29000) = ok
mmap(r4+0x2c000, 0x16d0, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r5 = mmap(NULL, 0x1e1f50, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f2, 0) = ok
mmap(r5+0x26000, 0x156000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f2, 0x26000) = ok
mmap(r5+0x17c000, 0x53000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f2, 0x17c000) = ok
mmap(r5+0x1cf000, 0x6000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f2, 0x1cf000) = ok
mmap(r5+0x1d5000, 0xcf50, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r6 = mmap(NULL, 0x99388, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f3, 0) = ok
mmap(r6+0x2000, 0x6b000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f3, 0x2000) = ok
mmap(r6+0x6d000, 0x2b000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f3, 0x6d000) = ok
mmap(r6+0x98000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f3, 0x98000) = ok
r7 = mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
mprotect(r5+0x1cf000, 0x4000, PROT_READ) = ok
mprotect(r6+0x98000, 0x1000, PROT_READ) = ok
mprotect(r4+0x2a000, 0x1000, PROT_READ) = ok
mprotect(r0+0x10000, 0x1000, PROT_READ) = ok
mprotect(r1+0x10000, 0x2000, PROT_READ) = ok
munmap(r3, 0xb5cb) = ok
r8 = mmap(NULL, 0x21000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
mmap(r8, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
