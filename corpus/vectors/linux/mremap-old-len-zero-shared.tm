# Duplicating a shared map.
requires linux
r0 = mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(r0, 8, 0x81) = 0
mremap(r0, 0, 0x1000, 0) = -1 ENOMEM
r1 = mremap(r0, 0, 0x1000, MREMAP_MAYMOVE) = ok
load(r1, 8) = 0x81
store(r1, 8, 0x82) = 0
load(r0, 8) = 0x82
