# The host refuses in the middle of calls that need several host calls.
config guest_page=4096 host_page=16384
file f0 size=0x8000
r0 = mmap(@0x100000, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
store(r0, 64, 0x91)
host_fail(2, ENOMEM)
mmap(@0x103000, 0x6000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
host_fail(1, EIO)
mmap(@0x101000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x1000)
host_fail(2, ENOMEM)
munmap(r0+0x1000, 0x6000)
load(r0, 64)
