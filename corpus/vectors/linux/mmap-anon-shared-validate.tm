# Type 3 is for files alone.
requires linux
mmap(NULL, 0x1000, PROT_READ, MAP_SHARED_VALIDATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
