# Growth costs by intervals, not by bytes.
config bits=32 reserved=0x40000000
requires linux
requires reserved
r0 = mmap(@0x10000, 0x10000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mremap(r0, 0x10000, 0x10000000, 0) = @0x10000
mremap(r0, 0x10000000, 0x10000, 0) = @0x10000
mremap(r0, 0x10000, 0, MREMAP_MAYMOVE) = -1 EINVAL
