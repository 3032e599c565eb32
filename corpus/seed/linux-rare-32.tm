twinmap 1
# What only a 32-bit guest meets: file offsets that run out of page numbers, flags it does not have.
config bits=32
requires linux
requires guest_page=4096
requires bits=32
file f0 size=0x1800
r0 = mmap(@0x100000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0xffffffff000)
mremap(r0, 0x1000, 0x2000, MREMAP_MAYMOVE)
mmap(@0x400000, 0x2000, PROT_READ|PROT_WRITE, MAP_FIXED|MAP_ANONYMOUS|0x8, -1, 0)
