# A file offset whose map would end at 2^63, placed and as fragments of a host page. The map that is
# possible ends where host pages of any size do not reach 2^63.
config host_page=16384
requires freebsd
requires guest_page=4096
file f0 size=0x1000
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0x7ffffffffffff000) = -1 EINVAL
mmap(@0x100000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x7ffffffffffff000) = -1 EINVAL
mmap(@0x103000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x7ffffffffffff000) = -1 EINVAL
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0x7ffffffffffef000) = ok
load(r0, 1) = SIGBUS
