# A file map not congruent to its address is read in.
config host_page=16384
requires h_gt_g
requires guest_page=4096
file f0 size=0x8000
r0 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x4000, 0x49) = 0
mmap(@0x100000, 0x3000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x1000) = @0x100000
load(@0x100000, 0x200) = 9
load(@0x101000, 0x200) = 17
load(@0x102000, 0x200) = 25
load(@0x103000, 0x1000) = 0x49
