# What a map too large to be had has split is two areas to a kernel, before it asks whether growth can be had.
requires linux
requires bits=64
config bits=64
r1 = mmap(@0xffffff8000, 0x1000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mmap(@0x10000000000, 0x20000000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mremap(r1, 0x1000000, 0x20000000000, MREMAP_MAYMOVE)
