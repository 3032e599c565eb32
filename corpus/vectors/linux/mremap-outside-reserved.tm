# A destination outside reserved_va.
config bits=32 reserved=0x10000000
requires linux
requires reserved
r0 = mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mremap(r0, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, 0x30000000) = -1 EINVAL
load(r0, 1) = 0
