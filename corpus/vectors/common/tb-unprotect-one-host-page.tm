# A store that drops code gives rights to nobody else in the host page.
config host_page=16384
requires h_gt_g
requires guest_page=4096
r0 = mmap(@0x100000, 0x2000, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
r1 = mmap(@0x102000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x102000
exec(r0) = ok
store(r0+0x1000, 16, 1) = ok
exec(r0) = ok
exec(r0+0x1000) = ok
mmap(@0x103000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x103000
store(@0x103000, 16, 2) = ok
exec(r0) = ok
store(r0, 16, 3) = ok
munmap(r0, 0x2000) = 0
munmap(@0x103000, 0x1000) = 0
store(r1, 1, 1) = SIGSEGV
