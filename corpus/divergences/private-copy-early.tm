# A store to one page made a copy of its whole host page, which later changes of the file do not reach.
twinmap 1
requires h_gt_g
file f0 size=65536
r0 = mmap(@0x80000, 0x10000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0) = @0x80000
r1 = mmap(@0x40000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, f0, 0) = @0x40000
store(r1, 1, 0x5a) = ok
store(r0+0x1000, 1, 0xee) = ok
load(r1+0x1000, 1) = ok
