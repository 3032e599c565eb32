# The address a kernel would return looks like an error to it.
twinmap 1
config bits=64
requires linux
mmap(0xffffffffffffffff, 0x10000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM
