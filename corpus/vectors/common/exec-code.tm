# Code runs from an executable page and is dropped by a change of rights.
r0 = mmap(@0x100000, 0x10000, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
exec(r0) = 0
store(r0, 16, 0x90) = 0
load(r0, 16) = 0x90
exec(r0) = 0
mprotect(r0, 0x10000, PROT_READ|PROT_WRITE) = 0
exec(r0) = SIGSEGV
