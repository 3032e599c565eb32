# Linux may refuse to promise more writable memory than it has; FreeBSD and the layer's reserve do not count it.
twinmap 1
mmap(@0x40000000, 0x10000000000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
