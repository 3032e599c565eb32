# A child has what its parent asked to keep from it.
twinmap 1
requires linux
r0 = mmap(@0x40000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
store(r0, 1, 0x5a) = ok
madvise(r0, 0x10000, MADV_WIPEONFORK) = 0
fork()
    load(r0, 1) = 0x5a
wait()
