# A placed map at an offset that is no multiple of the host page.
config host_page=16384
requires h_gt_g
requires guest_page=4096
file f0 size=0x8000
r0 = mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE, f0, 0x3000) = ok
load(r0, 0x200) = 25
load(r0+0x1000, 0x200) = 33
