# Nothing at the old address.
requires linux
mremap(@0x50000, 0x1000, 0x1000, MREMAP_MAYMOVE) = -1 EFAULT
mremap(@0x50000, 0x1000, 0x2000, 0) = -1 EFAULT
