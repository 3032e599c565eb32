# Too high is judged before unaligned.
requires linux
mmap(0xffff800000000123, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
