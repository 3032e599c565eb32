# An anonymous map with a descriptor.
requires freebsd
file f0 size=0x1000
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, f0, 0) = -1 EINVAL
