# A copy can be read behind the end of its file.
twinmap 1
requires h_gt_g
file f0 size=4096
mmap(@0x41000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0) = @0x41000
load(@0x42000, 1) = 0
