# The window full: a placed map is refused, nothing is lost.
config bits=32 reserved=0x100000
requires reserved
r0 = mmap(@0x10000, 0xf0000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(r0, 16, 0x4d) = 0
mmap(NULL, 0x10000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
load(r0, 16) = 0x4d
munmap(r0+0x20000, 0x10000) = 0
mmap(NULL, 0x10000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = @0x30000
