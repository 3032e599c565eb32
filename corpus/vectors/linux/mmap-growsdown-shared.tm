# A growing shared map is refused.
requires linux
mmap(NULL, 0x1000, PROT_READ, MAP_SHARED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = -1 EINVAL
