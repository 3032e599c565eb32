# A guest page coarser than the host's over a file's end.
config guest_page=8192 host_page=4096
file f0 size=0x3456
r0 = mmap(NULL, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0)
load(r0+0x3000, 16)
store(r0+0x3800, 16, 0x41)
mprotect(r0+0x2000, 0x2000, PROT_READ)
munmap(r0, 0x2000)
