file f0 size=5000
r0 = mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0)
load(r0, 16)
munmap(r0+1, 0x1000)
