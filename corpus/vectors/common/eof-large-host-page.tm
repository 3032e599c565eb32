# A map longer than its file is mapped in whole, whatever the host page.
config host_page=16384
requires h_gt_g
requires guest_page=4096
requires host_page=16384
file f0 size=5000
r0 = mmap(NULL, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0) = ok
load(r0, 0x200) = 1
load(r0+5000, 3192) = 0
load(r0+0x4000, 1) = SIGBUS
r1 = mmap(@0x100000, 0x8000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0) = @0x100000
load(r1+0x1000, 0x100) = 9
load(r1+0x7000, 1) = SIGBUS
mprotect(r0, 0x8000, PROT_READ) = 0
munmap(r0, 0x8000) = 0
munmap(r1, 0x8000) = 0
