# A placed map keeps to host pages when its hint is taken, with and without room around.
config host_page=16384 bits=32
requires no_reserved
requires h_gt_g
r0 = mmap(0x50001000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x50001000
store(r0, 0x1000, 0x11) = ok
r1 = mmap(0x50001000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
r2 = mmap(0x50002000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r1, 0x1000, 0x12) = ok
store(r2, 0x1000, 0x13) = ok
load(r0, 0x1000) = 0x11
load(r1, 0x1000) = 0x12
