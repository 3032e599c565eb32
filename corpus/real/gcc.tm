# Address space 1 of gcc.strace, process 4368. Addresses the kernel chose are results,
# later addresses inside them are result+offset; descriptors are files.
# r0 stands for memory used without having been mapped, 0x529000 to 0x54bfff
# r1 stands for memory used without having been mapped, 0x7f0d5c5f1000 to 0x7f0d5c612fff
# f0 is /etc/ld.so.cache
# f1 is /lib/x86_64-linux-gnu/libc.so.6
# r6 keeps the place of the heap, 0x1d3dd000 to 0x1d41ffff, which grows by MAP_FIXED
twinmap 1
requires guest_page=4096
file f0 size=46539 open=O_RDONLY
file f1 size=1926232 open=O_RDONLY
r0 = mmap(NULL, 0x23000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
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
mprotect(r0+0x10000, 0x3000, PROT_READ) = ok
mprotect(r1+0x10000, 0x2000, PROT_READ) = ok
munmap(r3, 0xb5cb) = ok
r6 = mmap(NULL, 0x43000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
mmap(r6, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
mmap(r6+0x21000, 0x22000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
