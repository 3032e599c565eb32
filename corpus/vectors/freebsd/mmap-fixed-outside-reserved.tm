# Beyond reserved_va.
config bits=32 reserved=0x10000000
requires freebsd
requires reserved
mmap(0x20000000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
