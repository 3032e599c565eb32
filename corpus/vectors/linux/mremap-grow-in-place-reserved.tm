# The same under reserved_va.
config bits=32 reserved=0x10000000
requires linux
requires reserved
requires host_page=4096
r0 = mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(r0, 0x1000, 0x51) = 0
mremap(r0, 0x1000, 0x2000, 0) = @0x10000
load(r0, 0x1000) = 0x51
load(r0+0x1000, 0x1000) = 0
load(r0+0x2000, 1) = SIGSEGV
