# A host that refuses mprotect: nothing changes.
r0 = mmap(@0x100000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
host_fail(1, ENOMEM)
mprotect(r0, 0x10000, PROT_READ) = -1 ENOMEM
store(r0, 16, 0x52) = 0
