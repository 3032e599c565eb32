# A store that runs off its map.
requires h_eq_g
r0 = mmap(@0x100000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0+0xff8, 16, 1) = SIGSEGV
load(r0+0xff8, 9) = SIGSEGV
load(r0, 0xff8) = 0
