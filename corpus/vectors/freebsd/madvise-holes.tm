# Holes and unmapped ranges are no error.
requires freebsd
madvise(@0x40000, 0x1000, MADV_DONTNEED) = 0
