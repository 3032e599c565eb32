# A writable descriptor is enough for a shared map that is never read.
requires freebsd
file f0 size=0x1000 open=O_RDWR
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED, f0, 0) = ok
store(r0, 8, 0x55) = 0
load(r0, 8) = 0x55
