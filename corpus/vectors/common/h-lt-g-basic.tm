# A guest of 8 KiB pages on a finer host.
config guest_page=8192
requires guest_page=8192
r0 = mmap(@0x100000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 0x2000, 0x4e) = 0
mmap(@0x101000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
munmap(r0, 1) = 0
load(r0+0x1000, 1) = SIGSEGV
