# Shared anonymous memory is shared with a child.
r0 = mmap(NULL, 0x10000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = ok
fork()
store(r0, 64, 0x12) = 0
load(r0, 64) = 0x12
wait()
load(r0, 64) = 0x12
