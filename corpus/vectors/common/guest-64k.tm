# A guest of 64 KiB pages.
config guest_page=65536
requires guest_page=65536
r0 = mmap(NULL, 1, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r0, 0x10000, 0x4f) = 0
mprotect(r0, 1, PROT_READ) = 0
store(r0+0xffff, 1, 1) = SIGSEGV
