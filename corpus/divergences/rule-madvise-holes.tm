# Advice for what is not mapped: ENOMEM on Linux.
twinmap 1
madvise(@0x40000, 0x4000, MADV_NORMAL)
