# A guard beside other pages of its host page does not fault.
twinmap 1
requires freebsd
requires h_gt_g
mmap(@0x40000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
mmap(@0x41000, 0x1000, PROT_NONE, MAP_FIXED|MAP_GUARD, -1, 0) = @0x41000
load(@0x41000, 1) = ok
