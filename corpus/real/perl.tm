# Address space 1 of perl.strace, process 4375. Addresses the kernel chose are results,
# later addresses inside them are result+offset; descriptors are files.
# r0 stands for memory used without having been mapped, 0x5623e1381000 to 0x5623e13b0fff
# r1 stands for memory used without having been mapped, 0x7fa89d29f000 to 0x7fa89d2c0fff
# f0 is /etc/ld.so.cache
# f1 is /lib/x86_64-linux-gnu/libm.so.6
# f2 is /lib/x86_64-linux-gnu/libc.so.6
# f3 is /lib/x86_64-linux-gnu/libcrypt.so.1
# r8 keeps the place of the heap, 0x5623f4b77000 to 0x5623f4bb8fff, which grows by MAP_FIXED
twinmap 1
requires guest_page=4096
file f0 size=46539 open=O_RDONLY
file f1 size=911904 open=O_RDONLY
file f2 size=1926232 open=O_RDONLY
file f3 size=206776 open=O_RDONLY
r0 = mmap(NULL, 0x30000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
r1 = mmap(NULL, 0x22000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
r2 = mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r3 = mmap(NULL, 0xb5cb, PROT_READ, MAP_PRIVATE, f0, 0) = ok
r4 = mmap(NULL, 0xdf110, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f1, 0) = ok
mmap(r4+0x10000, 0x74000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x10000) = ok
mmap(r4+0x84000, 0x5a000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x84000) = ok
mmap(r4+0xde000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0xdd000) = ok
r5 = mmap(NULL, 0x1e1f50, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f2, 0) = ok
mmap(r5+0x26000, 0x156000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f2, 0x26000) = ok
mmap(r5+0x17c000, 0x53000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f2, 0x17c000) = ok
mmap(r5+0x1cf000, 0x6000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f2, 0x1cf000) = ok
mmap(r5+0x1d5000, 0xcf50, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r6 = mmap(NULL, 0x3b2a8, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f3, 0) = ok
mmap(r6+0x2000, 0x16000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f3, 0x2000) = ok
mmap(r6+0x18000, 0x1a000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f3, 0x18000) = ok
mmap(r6+0x32000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f3, 0x31000) = ok
mmap(r6+0x34000, 0x72a8, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r7 = mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
mprotect(r5+0x1cf000, 0x4000, PROT_READ) = ok
mprotect(r6+0x32000, 0x1000, PROT_READ) = ok
mprotect(r4+0xde000, 0x1000, PROT_READ) = ok
mprotect(r0+0x10000, 0x10000, PROT_READ) = ok
mprotect(r1+0x10000, 0x2000, PROT_READ) = ok
munmap(r3, 0xb5cb) = ok
r8 = mmap(NULL, 0x42000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
mmap(r8, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
mmap(r8+0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r9 = mmap(NULL, 0x4c5000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r10 = mmap(NULL, 0x4c5000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r11 = mremap(r10, 0x4c5000, 0x98a000, MREMAP_MAYMOVE) = ok
munmap(r9, 0x4c5000) = ok
munmap(r11, 0x98a000) = ok
