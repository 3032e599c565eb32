# The placeholder is not memory.
config bits=32 reserved=0x10000000
requires linux
requires reserved
msync(@0x50000, 0x2000, MS_SYNC) = -1 ENOMEM
