# A copy cannot be read again from its file.
twinmap 1
requires linux
requires h_gt_g
file f0 size=65536
mmap(@0x41000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, f0, 0x1000) = @0x41000
store(@0x41000, 1, 0x5a) = ok
madvise(@0x41000, 0x1000, MADV_DONTNEED) = 0
load(@0x41000, 1) = 0x5a
