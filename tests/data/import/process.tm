# Address space 1 of process.strace, process 4353. Addresses the kernel chose are results,
# later addresses inside them are result+offset; descriptors are files.
# r0 stands for memory used without having been mapped, 0x560412725000 to 0x560412745fff
# f0 is /etc/ld.so.cache
# f1 is /lib/libc.so.6
# r4 keeps the place of the heap, 0x560433439000 to 0x56043347afff, which grows by MAP_FIXED
# line 25: left out, a failed map of what is no regular file
twinmap 1
requires guest_page=4096
requires linux
file f0 size=46539 open=O_RDONLY
file f1 size=1926232 open=O_RDONLY
r0 = mmap(NULL, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
r1 = mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r2 = mmap(NULL, 0xb5cb, PROT_READ, MAP_PRIVATE, f0, 0) = ok
r3 = mmap(NULL, 0x1e1f50, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f1, 0) = ok
mmap(r3+0x26000, 0x156000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x26000) = ok
mprotect(r0+0x10000, 0x1000, PROT_READ) = ok
munmap(r2, 0xb5cb) = ok
r4 = mmap(NULL, 0x42000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
mmap(r4, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
mmap(r4+0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r5 = mmap(NULL, 0x4c5000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r6 = mremap(r5, 0x4c5000, 0x98a000, MREMAP_MAYMOVE) = ok
munmap(r6+0x1000, 0x1000) = ok
munmap(r6+1, 0x1000) = -1 EINVAL
munmap(r4+0x21000, 0x21000) = ok
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, 9, 0) = -1 EBADF
