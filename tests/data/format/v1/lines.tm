twinmap 1
# Lines that end with CR LF.
r0 = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ok

load(r0, 16) = 0
