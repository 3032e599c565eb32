# mremap below the host page: neighbours at both ends stay where and what they are.
config host_page=16384
requires linux
requires h_gt_g
requires guest_page=4096
r0 = mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
r1 = mmap(@0x11000, 0x3000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x11000
r2 = mmap(@0x21000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x21000
store(r0, 0x1000, 0x71) = ok
store(r2, 0x1000, 0x72) = ok
mremap(r0, 0x1000, 0x2000, 0) = -1 ENOMEM
r3 = mremap(r0, 0x1000, 0x2000, MREMAP_MAYMOVE) = ok
load(r3, 0x1000) = 0x71
load(r3+0x1000, 0x1000) = 0
load(r1, 0x3000) = 0
r4 = mremap(r3, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x20000) = @0x20000
load(@0x20000, 0x1000) = 0x71
load(@0x21000, 0x1000) = 0x72
r5 = mremap(r2, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x12000) = @0x12000
load(@0x12000, 0x1000) = 0x72
load(@0x11000, 0x1000) = 0
load(@0x20000, 0x1000) = 0x71
mremap(@0x11000, 0x2000, 0x3000, MREMAP_MAYMOVE) = -1 EFAULT
