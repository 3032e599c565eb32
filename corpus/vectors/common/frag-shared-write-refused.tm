# A writable shared file fragment is refused and changes nothing.
config host_page=16384
requires h_gt_g
requires guest_page=4096
file f0 size=0x8000
mmap(@0x101000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0x1000) = -1 EINVAL
load(@0x101000, 1) = SIGSEGV
r0 = mmap(@0x100000, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x4000, 0x47) = 0
mmap(@0x101000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0x1000) = -1 EINVAL
load(r0, 0x4000) = 0x47
