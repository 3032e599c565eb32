# Unknown flags are refused with MAP_SHARED_VALIDATE.
requires linux
file f0 size=0x1000
mmap(NULL, 0x1000, PROT_READ, MAP_SHARED_VALIDATE|0x200000, f0, 0) = -1 EOPNOTSUPP
