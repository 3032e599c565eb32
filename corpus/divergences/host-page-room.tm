# Every host page holds something, so that nothing can be placed, though guest pages are free.
twinmap 1
config guest_page=4096 host_page=65536 reserved=0x30000 bits=32
requires linux
requires reserved
requires host_page=65536
requires guest_page=4096
mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mmap(@0x20000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x20000
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
