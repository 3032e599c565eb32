# The placeholder is not in the way of MAP_EXCL.
config bits=32 reserved=0x10000000
requires freebsd
requires reserved
mmap(@0x20000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_EXCL|MAP_ANONYMOUS, -1, 0) = @0x20000
mmap(@0x21000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_EXCL|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
