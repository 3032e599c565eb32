# A shared fragment beside private pages is refused.
config host_page=16384
requires h_gt_g
requires guest_page=4096
r0 = mmap(@0x100000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 16, 0x48) = 0
mmap(@0x101000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
load(r0, 16) = 0x48
