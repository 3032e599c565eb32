# What cannot be read cannot be copied.
twinmap 1
requires freebsd
requires h_gt_g
file f0 size=65536 open=O_WRONLY
mmap(@0x41000, 0x1000, PROT_WRITE, MAP_PRIVATE|MAP_FIXED, f0, 0x1000) = -1 EACCES
