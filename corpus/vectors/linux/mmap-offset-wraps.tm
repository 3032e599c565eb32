# Offset plus length wraps.
requires linux
file f0 size=0x1000
mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE, f0, 0xfffffffffffff000) = -1 EOVERFLOW
