# The same as store-through-slack-in-child.tm, far from the ends of what is shared: only a later load looks there.
config guest_page=4096 host_page=65536
r0 = mmap(@0x4000b000, 0x30000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
fork()
munmap(@0x40007000, 0x13000) = 0
store(r0+0xcfc0, 64, 0xa2)
wait()
load(@0x40017000, 16) = 0
load(@0x40017fc0, 64)
