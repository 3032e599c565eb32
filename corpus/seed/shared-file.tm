# A shared file map, a private one of the same file, msync, truncation of the view.
file f0 size=0x4000
r0 = mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_SHARED, f0, 0)
r1 = mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0)
store(r0+0x1000, 16, 0x51)
store(r1+0x1000, 16, 0x52)
msync(r0, 0x4000, MS_SYNC)
mprotect(r0, 0x1000, PROT_READ)
munmap(r0+0x2000, 0x2000)
load(r1+0x1000, 16)
