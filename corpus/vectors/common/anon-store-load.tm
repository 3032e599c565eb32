# What is stored is loaded.
r0 = mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r0+0xff0, 32, 0xab) = 0
load(r0+0xff0, 32) = 0xab
load(r0, 0xff0) = 0
