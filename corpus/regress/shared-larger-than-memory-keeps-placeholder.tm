# A shared map that the kernel refuses after it took the old mappings: the placeholder is laid again.
config guest_page=16384 host_page=65536 bits=64 reserved=0x10000000000
requires reserved
mmap(@0x10000, 0xffffff0000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
r0 = mmap(@0x20000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x20000
store(r0, 16, 0x61) = 0
mmap(@0x10000, 0xffffff0000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
