# A 64 KiB guest page over a small file.
config guest_page=65536
requires h_lt_g
requires guest_page=65536
file f0 size=0x1004
r0 = mmap(NULL, 0x20000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0) = ok
load(r0, 0x200) = 1
load(r0+0x1000, 4) = 9
load(r0+0x1004, 0xeffc) = 0
store(r0+0xfff0, 16, 3) = 0
load(r0+0x10000, 1) = SIGBUS
