# A range that wraps or passes 2^32.
config bits=32
requires linux
requires bits=32
munmap(0xfffff000, 0x2000) = -1 EINVAL
munmap(0x2000, 0xfffff000) = -1 EINVAL
munmap(0xfffff000, 0x1000) = 0
