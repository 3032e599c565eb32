# The offset is judged before the descriptor.
requires linux
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, -1, 0x123) = -1 EINVAL
