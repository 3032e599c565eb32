# An alignment costs no room; exponents are computed in 64 bits; the file's offset counts.
config host_page=16384 reserved=0x10000000000
requires freebsd
requires reserved
requires guest_page=4096
requires host_page=16384
file f0 size=0x8000
r0 = mmap(@0x10000, 0x7fffff0000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
r1 = mmap(NULL, 0x8000000000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_ALIGNED(39), -1, 0) = @0x8000000000
munmap(r1, 0x8000000000) = 0
r2 = mmap(@0x8000004000, 0x7fffffc000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x8000004000
r3 = mmap(NULL, 0x3000, PROT_READ, MAP_PRIVATE, f0, 0x1000) = @0x8000001000
munmap(r3, 0x3000) = 0
r4 = mmap(NULL, 0x3000, PROT_READ, MAP_PRIVATE|MAP_ALIGNED(14), f0, 0x1000) = @0x8000000000
load(r4, 0x200) = 9
load(r4+0x2000, 0x200) = 25
