# Behind EOF's real page one map does not see what another stored there.
twinmap 1
requires h_lt_g
file f0 size=100
r0 = mmap(@0x40000, 0x4000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0) = @0x40000
r1 = mmap(@0x80000, 0x4000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0) = @0x80000
store(r0+0x3000, 1, 0x5a) = ok
load(r1+0x3000, 1) = 0
