# A placed map never takes a host page that holds a live page.
config bits=32 host_page=16384 reserved=0x10000000
requires h_gt_g
requires reserved
r0 = mmap(0xffff000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0xffff000
store(r0, 0x1000, 0x4b) = 0
r1 = mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r1, 0x4000, 0x4c) = 0
load(r0, 0x1000) = 0x4b
