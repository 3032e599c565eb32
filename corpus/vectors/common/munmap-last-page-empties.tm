# The last page of a host page takes it away.
config host_page=16384
requires h_gt_g
requires guest_page=4096
r0 = mmap(@0x100000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
munmap(r0, 0x1000) = 0
load(r0+0x1000, 0x1000) = 0
munmap(r0+0x1000, 0x1000) = 0
load(r0, 1) = SIGSEGV
load(r0+0x1000, 1) = SIGSEGV
