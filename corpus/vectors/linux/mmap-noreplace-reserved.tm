# Under reserved_va the placeholder is not in the way.
config bits=32 reserved=0x10000000
requires linux
requires reserved
r0 = mmap(@0x30000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED_NOREPLACE|MAP_ANONYMOUS, -1, 0) = @0x30000
store(r0, 8, 1) = 0
mmap(@0x30000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED_NOREPLACE|MAP_ANONYMOUS, -1, 0) = -1 EEXIST
