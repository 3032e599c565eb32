# A PROT_NONE fragment is zeroed before anybody can look.
config host_page=16384
requires h_gt_g
requires guest_page=4096
r0 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x4000, 0x44) = 0
mmap(@0x101000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x101000
mprotect(@0x101000, 0x1000, PROT_READ) = 0
load(@0x101000, 0x1000) = 0
