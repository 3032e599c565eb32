# Head and tail of a fixed map inside host pages keep their neighbours.
config host_page=16384
requires h_gt_g
requires guest_page=4096
r0 = mmap(@0x100000, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x8000, 0x41) = 0
mmap(@0x103000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x103000
load(@0x100000, 0x3000) = 0x41
load(@0x103000, 0x2000) = 0
load(@0x105000, 0x3000) = 0x41
