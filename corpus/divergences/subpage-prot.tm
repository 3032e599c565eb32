# A store to a read-only page goes through where its host page holds a writable one.
twinmap 1
requires h_gt_g
mmap(@0x40000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
mprotect(@0x41000, 0x1000, PROT_READ) = 0
store(@0x41000, 1, 0x5a) = ok
