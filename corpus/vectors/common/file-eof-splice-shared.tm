# A shared writable map with a spliced tail is still shared before it.
config guest_page=8192
requires h_lt_g
requires guest_page=8192
file f0 size=0x3000
r0 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0) = @0x100000
r1 = mmap(NULL, 0x4000, PROT_READ, MAP_SHARED, f0, 0) = ok
store(r0+0x2000, 16, 0x5a) = 0
load(r1+0x2000, 16) = 0x5a
load(r0+0x3000, 0x1000) = 0
