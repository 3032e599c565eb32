# Alignment under reserved_va.
config bits=32 reserved=0x10000000
requires freebsd
requires reserved
r0 = mmap(NULL, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_ALIGNED(24), -1, 0) = ok
store(r0, 8, 1) = 0
mmap(NULL, 0x3000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_ALIGNED(32), -1, 0) = -1 EINVAL
