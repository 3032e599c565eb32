# A shared file map grows with the file behind it.
requires linux
requires host_page=4096
file f0 size=0x3000
r0 = mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0) = @0x10000
mremap(r0, 0x1000, 0x3000, 0) = @0x10000
load(r0+0x1000, 16) = 9
load(r0+0x2000, 16) = 17
