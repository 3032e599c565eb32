# Anonymous memory: map, split by rights, punch a hole, fill it again.
r0 = mmap(NULL, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
store(r0, 64, 0x11)
mprotect(r0+0x2000, 0x2000, PROT_READ)
munmap(r0+0x5000, 0x1000)
r1 = mmap(r0+0x5000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
store(r1, 16, 0x22)
load(r0, 64)
munmap(r0, 0x8000)
