# PROT_SEM means nothing on FreeBSD and is refused.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ|PROT_SEM, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
