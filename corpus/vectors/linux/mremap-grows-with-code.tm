# A map with a translated page is one mapping still.
requires linux
r0 = mmap(@0x100000, 0x40000, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x40000, 0x73) = ok
exec(r0+0x10000) = ok
mremap(r0, 0x40000, 0x80000, 0) = @0x100000
exec(r0+0x10000) = ok
mmap(@0x180000, 0x10000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x180000
r1 = mremap(r0, 0x80000, 0x90000, MREMAP_MAYMOVE) = ok
load(r1, 0x40000) = 0x73
store(r1+0x10000, 16, 0x74) = ok
exec(r0+0x10000) = SIGSEGV
