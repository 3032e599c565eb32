# A stack too small for its guard is plain memory here, and as such finds no block of host pages.
requires freebsd
config guest_page=4096 host_page=65536 bits=32 reserved=0x160000
mmap(@0x103000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x103000
mmap(NULL, 0x5d8, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS|MAP_ALIGNED(20), -1, 0)
mmap(NULL, 0x5d8, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS|MAP_STACK|MAP_ALIGNED(20), -1, 0)
