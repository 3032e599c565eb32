# A guard with rights, a descriptor, an offset or other flags.
requires freebsd
file f0 size=0x1000
mmap(NULL, 0x1000, PROT_READ, MAP_GUARD, -1, 0) = -1 EINVAL
mmap(NULL, 0x1000, PROT_NONE, MAP_GUARD, f0, 0) = -1 EINVAL
mmap(NULL, 0x1000, PROT_NONE, MAP_GUARD, -1, 0x1000) = -1 EINVAL
mmap(NULL, 0x1000, PROT_NONE, MAP_GUARD|MAP_PRIVATE, -1, 0) = -1 EINVAL
mmap(NULL, 0x1000, PROT_NONE, MAP_GUARD|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
