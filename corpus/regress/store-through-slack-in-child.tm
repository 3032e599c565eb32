# A child stores to a page that it unmapped, in a host page that lives on: what its parent still maps there has it.
config guest_page=4096 host_page=16384
r0 = mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
store(r0, 0x4000, 0x26) = ok
fork()
fork()
munmap(r0, 0x1000) = 0
store(r0+0x800, 16, 1)
wait()
load(r0, 16) = 0x26
wait()
load(r0, 16) = 0x26
load(r0+0x1000, 0x1000) = 0x26
