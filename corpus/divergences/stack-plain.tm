# All of a stack can be used at once: there is no guard in it.
twinmap 1
requires freebsd
r0 = mmap(@0x400000, 0x100000, PROT_READ|PROT_WRITE, MAP_STACK|MAP_PRIVATE|MAP_FIXED, -1, 0) = @0x400000
store(r0, 1, 0x5a) = ok
