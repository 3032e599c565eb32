# An aligned offset means nothing to an anonymous map.
requires linux
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x5000) = ok
load(r0, 16) = 0
