# A page that can be written only can be read here.
twinmap 1
requires freebsd
mmap(@0x40000, 0x10000, PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x40000
load(@0x40000, 1) = 0
