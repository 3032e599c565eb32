# Rights that munmap lowered in a host page it keeps come back when the other host page cannot go.
config guest_page=4096 host_page=16384
requires host_page=16384
r0 = mmap(@0x100000, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
mprotect(r0, 0x1000, PROT_READ) = 0
store(r0+0x1000, 16, 0x55) = 0
host_fail(2, ENOMEM)
munmap(r0+0x1000, 0x7000) = -1 ENOMEM
load(r0+0x1000, 16) = 0x55
store(r0+0x1000, 16, 0x56) = 0
munmap(r0+0x1000, 0x7000) = 0
load(r0, 16) = 0
