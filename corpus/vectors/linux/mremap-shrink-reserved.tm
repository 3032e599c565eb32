# The tail becomes placeholder again.
config bits=32 reserved=0x10000000
requires linux
requires reserved
requires host_page=4096
r0 = mmap(@0x10000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
r1 = mmap(@0x12000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x12000
store(r1, 8, 0x42) = 0
mremap(r0, 0x2000, 0x1000, 0) = @0x10000
load(r0+0x1000, 1) = SIGSEGV
load(r1, 8) = 0x42
