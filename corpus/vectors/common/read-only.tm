# Stores to read-only memory fault.
requires h_eq_g
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
store(r0, 1, 1) = SIGSEGV
load(r0, 1) = 0
