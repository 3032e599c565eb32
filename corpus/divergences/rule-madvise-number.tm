# Advice 5 is FREE on FreeBSD and unknown on Linux.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
madvise(@0x40000, 0x4000, 5)
