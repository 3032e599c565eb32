# Page zero is outside.
requires freebsd
munmap(0, 0x1000) = -1 EINVAL
