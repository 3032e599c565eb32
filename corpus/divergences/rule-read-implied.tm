# A page that can only be written is read on Linux, and faults on FreeBSD.
twinmap 1
mmap(@0x40000, 0x4000, PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
load(@0x40000, 1)
