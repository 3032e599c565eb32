# A host page that ends at offset 2^63 cannot be mapped.
twinmap 1
requires guest_page=4096
requires h_gt_g
file f0 size=0x1000
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0x7fffffffffffc000)
