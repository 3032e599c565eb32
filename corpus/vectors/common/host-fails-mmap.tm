# A host that has no memory: the call fails, the map that was stays.
r0 = mmap(@0x100000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 16, 0x51) = 0
host_fail(1, ENOMEM)
mmap(@0x100000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
load(r0, 16) = 0x51
