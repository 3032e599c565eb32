# A host that has no room for one mapping more.
twinmap 1
host_fail(1, ENOMEM)
mmap(@0x40000, 0x10000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
