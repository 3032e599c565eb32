# A hint inside a host page is not the address: the host page's start is.
twinmap 1
config reserved=0x10000000
requires linux
requires h_gt_g
mmap(@0x41000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = @0x40000
