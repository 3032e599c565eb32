# Code made from a page goes when the page is replaced, even by one with the same rights.
file f0 size=0x10000
r0 = mmap(@0x100000, 0x10000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED, f0, 0) = @0x100000
exec(r0) = ok
mmap(@0x100000, 0x10000, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
exec(r0) = ok
load(r0, 0x10000) = 0
munmap(r0, 0x10000) = 0
exec(r0) = SIGSEGV
