# Rights of one guest page in a shared host page: the strongest one rules.
config host_page=16384
requires h_gt_g
requires guest_page=4096
r0 = mmap(@0x100000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
mprotect(r0+0x1000, 0x1000, PROT_READ|PROT_WRITE) = 0
store(r0+0x1000, 16, 1) = 0
mprotect(r0+0x1000, 0x1000, PROT_READ) = 0
store(r0+0x1000, 16, 1) = SIGSEGV
