# Fixed, with the same remainder in address and offset.
requires freebsd
file f0 size=0x3000
r0 = mmap(@0x10200, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x1200) = @0x10200
load(@0x10000, 16) = 9
load(@0x10200, 16) = 10
mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x1200) = -1 EINVAL
