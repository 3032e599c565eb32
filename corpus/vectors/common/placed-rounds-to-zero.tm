# A length that rounds to zero in host pages.
config bits=32 host_page=16384
requires bits=32
requires h_gt_g
mmap(NULL, 0xfffff000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
