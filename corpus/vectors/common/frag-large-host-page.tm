# One fragment of a large host page: rights of many neighbours, each seen once.
config host_page=65536
requires h_gt_g
requires guest_page=4096
r0 = mmap(@0x100000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x10000, 0x31) = ok
mprotect(@0x102000, 0x1000, PROT_READ) = 0
mprotect(@0x104000, 0x1000, PROT_NONE) = 0
mprotect(@0x106000, 0x1000, PROT_READ|PROT_EXEC) = 0
mmap(@0x108000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x108000
load(@0x108000, 0x1000) = 0
load(@0x100000, 0x8000) = 0x31
load(@0x109000, 0x7000) = 0x31
