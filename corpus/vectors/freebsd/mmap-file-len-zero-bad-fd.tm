# The length is judged before the descriptor.
requires freebsd
mmap(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0) = -1 EINVAL
