# No descriptor is kept from which a copy could grow.
twinmap 1
config reserved=0x10000000
requires linux
requires h_gt_g
file f0 size=65536
mmap(@0x41000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x1000) = @0x41000
mremap(@0x41000, 0x1000, 0x2000, MREMAP_MAYMOVE) = -1 ENOMEM
