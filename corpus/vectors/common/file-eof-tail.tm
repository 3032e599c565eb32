# The last page reads zero behind the end of file, then SIGBUS.
requires h_eq_g
file f0 size=0x1801
r0 = mmap(NULL, 0x4000, PROT_READ|PROT_WRITE, MAP_PRIVATE, f0, 0) = ok
load(r0+0x1600, 0x200) = 12
load(r0+0x1800, 1) = 13
load(r0+0x1801, 0x7ff) = 0
load(r0+0x2000, 1) = SIGBUS
store(r0+0x3000, 1, 1) = SIGBUS
