# PROT_SEM and growth bits mean nothing to mmap.
requires linux
r0 = mmap(NULL, 0x1000, PROT_READ|PROT_SEM|PROT_GROWSDOWN, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok
load(r0, 8) = 0
