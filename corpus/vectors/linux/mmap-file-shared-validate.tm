# Type 3 on a file is a shared map.
requires linux
file f0 size=0x2000
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED_VALIDATE, f0, 0) = ok
load(r0, 16) = 1
store(r0, 16, 0xee) = 0
load(r0, 16) = 0xee
