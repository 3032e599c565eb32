# A range that wraps.
requires linux
msync(0xfffffffffffff000, 0x2000, MS_SYNC) = -1 ENOMEM
