# An empty file can be mapped; every access is SIGBUS.
requires linux
file f0 size=0
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0) = ok
load(r0, 1) = SIGBUS
store(r0, 1, 1) = SIGBUS
