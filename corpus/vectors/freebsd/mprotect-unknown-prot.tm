# Unknown rights are refused.
requires freebsd
r0 = mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mprotect(r0, 0x1000, PROT_READ|0x10) = -1 EINVAL
mprotect(r0, 0x1000, PROT_READ|PROT_SEM) = -1 EINVAL
mprotect(r0, 0x1000, PROT_READ|PROT_GROWSDOWN) = -1 EINVAL
