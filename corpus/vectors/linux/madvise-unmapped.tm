# Nothing mapped there, or a hole.
requires linux
madvise(@0x30000, 0x1000, MADV_DONTNEED) = -1 ENOMEM
madvise(@0x30000, 0, MADV_DONTNEED) = 0
