# A growing file map is refused.
requires linux
file f0 size=0x1000
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_GROWSDOWN, f0, 0) = -1 EINVAL
