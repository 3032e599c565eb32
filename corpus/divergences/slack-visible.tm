# What lies behind a map in its host page can be read although nobody mapped it.
twinmap 1
requires h_gt_g
mmap(@0x40000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
load(@0x41000, 1) = ok
