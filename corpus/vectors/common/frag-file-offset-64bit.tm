# A fragment of a file far beyond 4 GiB reads its own bytes.
config host_page=16384
requires h_gt_g
requires guest_page=4096
file f0 size=0x100003000
r0 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
mmap(@0x101000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x100001000) = @0x101000
