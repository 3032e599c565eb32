# Syncing a shared map.
file f0 size=0x10000
r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_SHARED, f0, 0) = ok
store(r0, 16, 0x55) = 0
msync(r0, 0x10000, MS_SYNC) = 0
load(r0, 16) = 0x55
