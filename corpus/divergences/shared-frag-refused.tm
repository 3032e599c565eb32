# A writable shared map of part of a host page is refused.
twinmap 1
requires h_gt_g
file f0 size=65536
mmap(@0x41000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0x1000) = -1 EINVAL
