twinmap 1
requires linux
# Where a growing area begins and ends for a kernel hangs on what it has merged.
mmap(@0x40002000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0)
mprotect(@0x40003000, 0x2000, PROT_NONE)
store(@0x40002000, 8, 0xcf)
mprotect(@0x40002000, 0x3000, PROT_READ|PROT_WRITE)
store(@0x40004fe0, 32, 0xd1)
mprotect(@0x40003000, 0x1000, PROT_READ|PROT_GROWSDOWN)
