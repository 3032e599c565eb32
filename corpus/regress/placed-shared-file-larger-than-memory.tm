# A shared map of a file needs no memory of its own, however large, also with slack behind it.
config host_page=16384
requires h_gt_g
requires guest_page=4096
file f0 size=0x1000
r0 = mmap(NULL, 0x2000001000, PROT_READ|PROT_WRITE, MAP_SHARED, f0, 0) = ok
store(r0, 16, 0x21) = ok
