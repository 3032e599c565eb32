# Executable memory can be read by the translator.
r0 = mmap(NULL, 0x10000, PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
exec(r0) = ok
store(r0, 1, 1) = SIGSEGV
mprotect(r0, 0x10000, PROT_NONE) = 0
exec(r0) = SIGSEGV
load(r0, 1) = SIGSEGV
