# The source survives under reserved_va too.
config bits=32 reserved=0x10000000
requires linux
requires reserved
r0 = mmap(@0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(r0, 8, 1) = 0
mremap(r0, 0x2000, 0, MREMAP_MAYMOVE) = -1 EINVAL
load(r0, 8) = 1
