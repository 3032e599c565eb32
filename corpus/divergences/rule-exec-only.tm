# Whether a load can be told from a fetch: the machine's processor can, that of an emulated machine need not.
requires linux
requires guest_page=4096
mmap(@0x10000, 0x1000, PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
load(@0x10000, 1)
