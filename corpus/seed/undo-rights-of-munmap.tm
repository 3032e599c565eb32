# an edge host page loses rights, then the whole host pages cannot be given back
config guest_page=4096 host_page=16384 bits=32 reserved=0x8000000
mmap(@0x100000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
mmap(@0x102000, 0xa000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x102000
store(@0x102000, 0xa000, 0xab) = ok
munmap(@0x102000, 0xa000)
