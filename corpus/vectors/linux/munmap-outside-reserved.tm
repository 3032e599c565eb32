# Outside reserved_va.
config bits=32 reserved=0x10000000
requires linux
requires reserved
munmap(0x20000000, 0x1000) = -1 EINVAL
munmap(0xffff000, 0x2000) = -1 EINVAL
munmap(0xffff000, 0x1000) = 0
