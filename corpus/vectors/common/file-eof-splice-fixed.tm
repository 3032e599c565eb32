# The same at a fixed address.
config guest_page=8192
requires h_lt_g
requires guest_page=8192
file f0 size=0x2328
r0 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x4000, 0x4f) = 0
mmap(@0x100000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0) = @0x100000
load(r0+0x2200, 0x128) = 18
load(r0+0x2328, 0x1cd8) = 0
