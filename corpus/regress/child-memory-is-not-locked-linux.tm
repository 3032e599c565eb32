# What a parent has locked its child may drop.
twinmap 1
requires linux
r0 = mmap(@0x40000, 0x20000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = @0x40000
store(r0, 16, 0x5a) = ok
fork()
    madvise(r0, 0x10000, MADV_DONTNEED) = 0
    load(r0, 16) = 0
wait()
madvise(r0, 0x10000, MADV_DONTNEED) = -1 EINVAL
load(r0, 16) = 0x5a
