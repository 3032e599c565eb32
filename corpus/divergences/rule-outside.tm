# Page 0 is no part of user space on FreeBSD.
twinmap 1
munmap(@0, 0x10000)
