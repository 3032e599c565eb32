# A read-only shared file fragment is a copy that never becomes writable.
config host_page=16384
requires h_gt_g
requires guest_page=4096
file f0 size=0x8000
r0 = mmap(@0x101000, 0x1000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0x1000) = @0x101000
load(r0, 0x200) = 9
mprotect(r0, 0x1000, PROT_READ|PROT_WRITE) = -1 EACCES
