# Private memory does not go into a host page that is shared.
twinmap 1
requires h_gt_g
mmap(@0x40000, 0x4000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
mmap(@0x41000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
