# A part of a shared map that was moved below a host page is a copy: for the kernel MADV_REMOVE stops at what is private
# and of no file, for the layer it is a shared map still, and the hole before it is what is wrong.
twinmap 1
config guest_page=8192 host_page=16384
requires linux
mmap(@0x10000, 0x2000, PROT_NONE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mmap(@0x1a000, 0x2000, PROT_NONE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mremap(@0x1a000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x14000)
mremap(@0x14000, 0x2000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x12000)
madvise(@0x10000, 0x6000, MADV_REMOVE)
