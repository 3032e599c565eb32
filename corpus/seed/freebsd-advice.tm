twinmap 1
# Advice that FreeBSD gives by number: protection against the killer of big processes.
requires freebsd
r0 = mmap(@0x100000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
madvise(r0, 0x10000, 10)
