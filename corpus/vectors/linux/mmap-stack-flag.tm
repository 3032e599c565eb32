# MAP_STACK is a hint without rules of its own.
requires linux
r0 = mmap(NULL, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK, -1, 0) = ok
load(r0, 1) = SIGSEGV
