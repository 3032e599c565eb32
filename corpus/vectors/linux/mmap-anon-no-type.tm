# An anonymous map needs a sharing type.
requires linux
mmap(NULL, 0x1000, PROT_READ, MAP_ANONYMOUS, -1, 0) = -1 EINVAL
