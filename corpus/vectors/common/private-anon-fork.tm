# Private memory is not.
r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r0, 64, 0x11) = 0
fork()
load(r0, 64) = 0x11
store(r0, 64, 0x12) = 0
munmap(r0, 0x10000) = 0
wait()
load(r0, 64) = 0x11
