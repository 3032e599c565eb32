# Above the user's space.
requires freebsd
munmap(0xffff800000000000, 0x1000) = -1 EINVAL
