# A file map congruent to its address: fragment, whole host page, fragment.
config host_page=16384
requires h_gt_g
requires guest_page=4096
file f0 size=0x20000
r0 = mmap(@0x100000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x1000, 0x4a) = 0
mmap(@0x101000, 0x8000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x5000) = @0x101000
load(@0x100000, 0x1000) = 0x4a
load(@0x101000, 0x200) = 41
load(@0x104000, 0x200) = 65
load(@0x108000, 0x200) = 97
