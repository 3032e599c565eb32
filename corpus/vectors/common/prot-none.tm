# PROT_NONE faults and can be opened later.
r0 = mmap(NULL, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
load(r0, 1) = SIGSEGV
store(r0, 1, 1) = SIGSEGV
mprotect(r0, 0x1000, PROT_READ|PROT_WRITE) = 0
store(r0, 16, 5) = 0
load(r0, 16) = 5
