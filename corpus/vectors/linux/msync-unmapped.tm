# Nothing mapped there.
requires linux
msync(@0x30000, 0x1000, MS_SYNC) = -1 ENOMEM
