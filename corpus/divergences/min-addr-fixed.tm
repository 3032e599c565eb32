# The window's first page is not the host's.
twinmap 1
config guest_base=1
requires linux
mmap(@0, 0x10000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0
