# MAP_FIXED_NOREPLACE goes by guest pages, not by host pages.
config host_page=16384
requires linux
requires h_gt_g
requires guest_page=4096
r0 = mmap(@0x100000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x2000, 0x75) = ok
mmap(@0x101000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED_NOREPLACE|MAP_ANONYMOUS, -1, 0) = -1 EEXIST
load(r0, 0x2000) = 0x75
r1 = mmap(@0x102000, 0x6000, PROT_READ, MAP_PRIVATE|MAP_FIXED_NOREPLACE|MAP_ANONYMOUS, -1, 0) = @0x102000
load(r1, 0x6000) = 0
load(r0, 0x2000) = 0x75
