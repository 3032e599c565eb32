# A length that rounds to nothing is no effect only where there could be one: page 0 is outside.
twinmap 1
config bits=64
requires freebsd
requires bits=64
munmap(@0, 0xfffffffffffffff1) = -1 EINVAL
munmap(@0x10000, 0xfffffffffffffff1) = 0
