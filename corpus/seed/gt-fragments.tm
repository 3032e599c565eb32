# Fragments of a host page: anonymous, file, unmapped and mapped again.
config guest_page=4096 host_page=16384 bits=32 reserved=0x10000000
file f0 size=0x5123
r0 = mmap(@0x100000, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
store(r0+0x1000, 32, 0x31)
store(r0+0x3ff0, 32, 0x32)
munmap(r0+0x1000, 0x2000)
mmap(@0x101000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x1000)
mmap(@0x102000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mprotect(r0+0x4000, 0x1000, PROT_NONE)
load(r0+0x3ff0, 16)
munmap(r0, 0x8000)
