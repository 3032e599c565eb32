# A fixed map that is refused leaves what was there.
requires linux
file f0 size=0x2000 open=O_RDONLY
r0 = mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(r0, 32, 0xaa) = 0
mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0) = -1 EACCES
load(r0, 32) = 0xaa
store(r0, 1, 0xab) = 0
