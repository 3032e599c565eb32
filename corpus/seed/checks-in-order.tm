# Arguments that are wrong in two ways: which of them is told?
requires linux
requires guest_page=4096
requires bits=64
mmap(0xfffffffffffff800, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mmap(0x7fffffffe800, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
mmap(@0x10800, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
mmap(@0x10800, 0, PROT_READ, MAP_PRIVATE|MAP_FIXED, -1, 0) = -1 EBADF
munmap(@0x10800, 0) = -1 EINVAL
