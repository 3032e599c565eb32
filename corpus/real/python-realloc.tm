# Address space 1 of python-realloc.strace, process 4363. Addresses the kernel chose are results,
# later addresses inside them are result+offset; descriptors are files.
# r0 stands for memory used without having been mapped, 0x935000 to 0x955fff
# r1 stands for memory used without having been mapped, 0x7f2c27a02000 to 0x7f2c27a23fff
# f0 is /etc/ld.so.cache
# f1 is /lib/x86_64-linux-gnu/libm.so.6
# f2 is /lib/x86_64-linux-gnu/libz.so.1
# f3 is /lib/x86_64-linux-gnu/libexpat.so.1
# f4 is /lib/x86_64-linux-gnu/libc.so.6
# r9 keeps the place of the heap, 0x3a660000 to 0x3a9bcfff, which grows by MAP_FIXED
# f5 is /usr/lib/locale/C.utf8/LC_CTYPE
# f6 is /usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache
twinmap 1
requires guest_page=4096
file f0 size=46539 open=O_RDONLY
file f1 size=911904 open=O_RDONLY
file f2 size=121280 open=O_RDONLY
file f3 size=174176 open=O_RDONLY
file f4 size=1926232 open=O_RDONLY
file f5 size=353616 open=O_RDONLY
file f6 size=27028 open=O_RDONLY
r0 = mmap(NULL, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
r1 = mmap(NULL, 0x22000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
r2 = mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r3 = mmap(NULL, 0xb5cb, PROT_READ, MAP_PRIVATE, f0, 0) = ok
r4 = mmap(NULL, 0xdf110, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f1, 0) = ok
mmap(r4+0x10000, 0x74000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x10000) = ok
mmap(r4+0x84000, 0x5a000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0x84000) = ok
mmap(r4+0xde000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f1, 0xdd000) = ok
r5 = mmap(NULL, 0x1e190, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f2, 0) = ok
mmap(r5+0x3000, 0x13000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f2, 0x3000) = ok
mmap(r5+0x16000, 0x7000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f2, 0x16000) = ok
mmap(r5+0x1d000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f2, 0x1c000) = ok
r6 = mmap(NULL, 0x2a080, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f3, 0) = ok
mmap(r6+0x4000, 0x1c000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f3, 0x4000) = ok
mmap(r6+0x20000, 0x8000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f3, 0x20000) = ok
mmap(r6+0x28000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f3, 0x28000) = ok
r7 = mmap(NULL, 0x1e1f50, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, f4, 0) = ok
mmap(r7+0x26000, 0x156000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f4, 0x26000) = ok
mmap(r7+0x17c000, 0x53000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f4, 0x17c000) = ok
mmap(r7+0x1cf000, 0x6000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, f4, 0x1cf000) = ok
mmap(r7+0x1d5000, 0xcf50, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r8 = mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
mprotect(r7+0x1cf000, 0x4000, PROT_READ) = ok
mprotect(r6+0x28000, 0x2000, PROT_READ) = ok
mprotect(r5+0x1d000, 0x1000, PROT_READ) = ok
mprotect(r4+0xde000, 0x1000, PROT_READ) = ok
mprotect(r0+0x10000, 0x1000, PROT_READ) = ok
mprotect(r1+0x10000, 0x2000, PROT_READ) = ok
munmap(r3, 0xb5cb) = ok
r9 = mmap(NULL, 0x35d000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ok
mmap(r9, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r10 = mmap(NULL, 0x56550, PROT_READ, MAP_PRIVATE, f5, 0) = ok
r11 = mmap(NULL, 0x6994, PROT_READ, MAP_SHARED, f6, 0) = ok
r12 = mmap(NULL, 0x100000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r13 = mmap(NULL, 0x41000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r14 = mmap(NULL, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r15 = mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
mmap(r9+0x21000, 0x21000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
mmap(r9+0x42000, 0x2e000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r16 = mmap(NULL, 0x98a000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r17 = mmap(NULL, 0x2dd000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r18 = mremap(r16, 0x98a000, 0xc66000, MREMAP_MAYMOVE) = ok
munmap(r17, 0x2dd000) = ok
mmap(r9+0x70000, 0x2ed000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = ok
r19 = mremap(r18, 0xc66000, 0xf43000, MREMAP_MAYMOVE) = ok
r20 = mremap(r19, 0xf43000, 0x121f000, MREMAP_MAYMOVE) = ok
r21 = mremap(r20, 0x121f000, 0x14fc000, MREMAP_MAYMOVE) = ok
r22 = mremap(r21, 0x14fc000, 0x17d8000, MREMAP_MAYMOVE) = ok
r23 = mremap(r22, 0x17d8000, 0x1e0b000, MREMAP_MAYMOVE) = ok
r24 = mremap(r23, 0x1e0b000, 0x247b000, MREMAP_MAYMOVE) = ok
munmap(r24, 0x247b000) = ok
munmap(r15, 0x4000) = ok
