# A map that begins behind the end of its file touches nothing beyond its range.
config guest_page=8192
requires h_lt_g
requires guest_page=8192
file f0 size=4096
r0 = mmap(@0x104000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x104000
store(r0, 0x2000, 0x22) = ok
r1 = mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE, f0, 0x4000) = ok
load(r1, 1) = SIGBUS
mmap(@0x102000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x4000) = @0x102000
load(@0x102000, 1) = SIGBUS
load(r0, 0x2000) = 0x22
mmap(0x50000000, 0x2000, PROT_READ, MAP_PRIVATE, -1, 0) = -1 EBADF
