# A stack needs both rights and no descriptor.
requires freebsd
file f0 size=0x1000
mmap(NULL, 0x10000, PROT_READ, MAP_STACK|MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_STACK|MAP_PRIVATE, f0, 0) = -1 EINVAL
r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_STACK|MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r0+0xf000, 8, 1) = 0
