# A placed map at an offset beyond 4 GiB in a 32-bit address space.
config bits=32 host_page=16384
requires bits=32
requires h_gt_g
file f0 size=0x100003000
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0x100000000) = ok
load(r0, 0x200) = 189
r1 = mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE, f0, 0x100001000) = ok
load(r1, 0x200) = 197
r2 = mmap(@0x100000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x100000000) = @0x100000
load(r2, 0x200) = 189
