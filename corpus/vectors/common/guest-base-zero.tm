# Guest addresses that are host addresses.
config bits=32 guest_base=0 reserved=0x8000000
requires reserved
r0 = mmap(@0x100000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x2000, 0x50) = 0
munmap(r0, 0x1000) = 0
load(r0+0x1000, 0x1000) = 0x50
