# All bytes of a read-in would be in memory at once.
twinmap 1
config bits=64
requires h_gt_g
file f0 size=0x10000000
mmap(@0x1000000, 0x8000000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x1000) = -1 ENOMEM
