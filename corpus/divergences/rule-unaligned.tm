# FreeBSD rounds the address of an munmap down, Linux refuses it.
twinmap 1
mmap(@0x40000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
munmap(@0x40001, 0x1000)
