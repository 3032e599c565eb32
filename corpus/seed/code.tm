# Pages that hold code, among pages that are written.
config guest_page=4096 host_page=16384
r0 = mmap(NULL, 0x8000, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
exec(r0)
exec(r0+0x3000)
mprotect(r0+0x1000, 0x1000, PROT_READ|PROT_WRITE)
store(r0+0x2000, 16, 0xa1)
store(r0, 16, 0xa2)
munmap(r0+0x3000, 0x1000)
exec(r0)
mprotect(r0, 0x8000, PROT_READ)
