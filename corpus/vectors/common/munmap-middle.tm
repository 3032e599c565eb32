# Unmapping the middle keeps both sides.
requires h_eq_g
r0 = mmap(@0x100000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x3000, 0x21) = 0
munmap(r0+0x1000, 0x1000) = 0
load(r0, 0x1000) = 0x21
load(r0+0x1000, 1) = SIGSEGV
load(r0+0x2000, 0x1000) = 0x21
