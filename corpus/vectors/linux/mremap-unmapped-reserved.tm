# The placeholder is not memory.
config bits=32 reserved=0x10000000
requires linux
requires reserved
mremap(@0x50000, 0x1000, 0x1000, MREMAP_MAYMOVE) = -1 EFAULT
mremap(@0x50000, 0x1000, 0x1000, 0) = -1 EFAULT
