# A guest page that holds the end of file reads zero to its end, on a finer host.
config guest_page=8192
requires h_lt_g
requires guest_page=8192
file f0 size=0x2328
r0 = mmap(NULL, 0x6000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0) = ok
load(r0+0x2200, 0x128) = 18
load(r0+0x2328, 0x1cd8) = 0
store(r0+0x3000, 16, 7) = 0
load(r0+0x3000, 16) = 7
load(r0+0x4000, 1) = SIGBUS
