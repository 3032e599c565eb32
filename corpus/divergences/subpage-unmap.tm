# A page that was unmapped can be read as long as its host page is live.
twinmap 1
requires h_gt_g
mmap(@0x40000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
munmap(@0x41000, 0x1000) = 0
load(@0x41000, 1) = ok
