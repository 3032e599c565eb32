# A fixed move that shrinks is judged by what stays before it is judged by what leaves; a sum that wraps is no overlap.
twinmap 1
config guest_page=65536 host_page=65536 bits=64 reserved=0x100000000
requires linux
r0 = mmap(@0x40000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
mremap(r0, 0xf0000000000, 0x20000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x20000) = -1 EFAULT
mremap(@0x40000, 0xf0000000000, 0x20000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x10000) = -1 EFAULT
mremap(@0x40000, 0xf0000000000, 0x10000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x10000) = -1 EINVAL
mremap(@0x60000, 0xfffffffffffe0000, 0x10000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x80000) = -1 EFAULT
