# A kernel finds nothing in a range of old pages whose end wraps, wherever it is to go.
requires linux
requires bits=32
config bits=32
r0 = mmap(@0xfffe0000, 0x10000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0xfffe0000
store(r0, 16, 0x11) = ok
mremap(r0, 0x30000, 0x30000, MREMAP_MAYMOVE|MREMAP_FIXED, @0xfffc0000) = -1 EFAULT
mremap(r0, 0x30000, 0x30000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x100000) = -1 EFAULT
mremap(r0, 0x30000, 0x40000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x100000) = -1 EFAULT
load(r0, 16) = 0x11
mremap(r0, 0x20000, 0x20000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x100000) = @0x100000
load(@0x100000, 16) = 0x11
