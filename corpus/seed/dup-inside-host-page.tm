# the object of a page inside a host page appears a second time
requires linux
config guest_page=4096 host_page=16384 bits=32 reserved=0x8000000
mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(@0x101000, 0x1000, 0xab) = ok
r0 = mremap(@0x101000, 0, 0x1000, MREMAP_MAYMOVE) = ok
load(r0, 16) = 0xab
