# msync of nothing where nothing is mapped.
twinmap 1
msync(@0x40000, 0, MS_ASYNC)
