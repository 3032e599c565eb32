# A host that has no room for a placed map leaks nothing.
host_fail(1, ENOMEM)
mmap(NULL, 0x10000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r0, 16, 0x54) = 0
