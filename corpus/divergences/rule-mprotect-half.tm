# An mprotect that fails at its second map: Linux has changed the first, FreeBSD looks at all of it first.
twinmap 1
file f0 size=4096 open=O_RDONLY
mmap(@0x100000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mmap(@0x101000, 0x1000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0)
mprotect(@0x100000, 0x2000, PROT_READ|PROT_WRITE) = -1 EACCES
