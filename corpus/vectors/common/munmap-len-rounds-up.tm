# A length is rounded up.
requires h_eq_g
r0 = mmap(@0x100000, 0x3000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
munmap(r0, 0x1001) = 0
load(r0+0x1000, 1) = SIGSEGV
load(r0+0x2000, 1) = 0
