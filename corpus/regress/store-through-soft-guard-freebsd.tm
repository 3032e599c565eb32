# A guard in a host page of a shared file map does not keep a store out: the file has it, and so has
# every later map.
config host_page=16384
requires freebsd
requires guest_page=4096
requires h_gt_g
file f0 size=0x8000
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED, f0, 0)
mmap(r0+0x2000, 0x1000, PROT_NONE, MAP_FIXED|MAP_GUARD, -1, 0)
store(r0+0x2000, 16, 0x4d)
r1 = mmap(NULL, 0x4000, PROT_READ, MAP_PRIVATE, f0, 0)
load(r1+0x2000, 16)
load(r0+0x2000, 16)
