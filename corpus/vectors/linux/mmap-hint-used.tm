# A used hint is no error, and what is there stays.
requires linux
r0 = mmap(@0x200000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x200000
store(r0, 8, 9) = 0
r1 = mmap(@0x200000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r1, 8, 10) = 0
load(r0, 8) = 9
