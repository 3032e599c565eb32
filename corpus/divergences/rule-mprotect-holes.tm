# mprotect over a hole: Linux stops there, FreeBSD goes on.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mmap(@0x48000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mprotect(@0x40000, 0xc000, PROT_READ|PROT_WRITE)
