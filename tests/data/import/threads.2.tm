# Address space 2 of threads.strace, process 5137. Addresses the kernel chose are results,
# later addresses inside them are result+offset; descriptors are files.
twinmap 1
requires guest_page=4096
r0 = mmap(NULL, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
