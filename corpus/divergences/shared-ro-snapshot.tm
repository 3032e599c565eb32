# A read-only shared map of part of a host page shows the file as it was.
twinmap 1
requires h_gt_g
file f0 size=65536
r0 = mmap(@0x80000, 0x10000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0) = @0x80000
mmap(@0x41000, 0x1000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0x1000) = @0x41000
store(r0+0x1000, 1, 0xee) = ok
load(@0x41000, 1) = 0x09
mprotect(@0x41000, 0x1000, PROT_READ|PROT_WRITE) = -1 EACCES
