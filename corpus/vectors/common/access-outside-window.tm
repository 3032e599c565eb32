# Accesses that wrap or leave the address space.
load(0xffffffffffffffff, 2) = SIGSEGV
store(0xffff800000000000, 1, 1) = SIGSEGV
