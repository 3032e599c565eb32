# Above the user's space.
requires linux
munmap(0xffff800000000000, 0x1000) = -1 EINVAL
munmap(0x1000, 0xfffffffffffe0000) = -1 EINVAL
