# A placeholder that cannot be laid: the call fails, the map stays.
config bits=32 reserved=0x10000000
requires reserved
r0 = mmap(@0x100000, 0x10000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(r0, 16, 0x53) = 0
host_fail(1, ENOMEM)
munmap(r0, 0x10000) = -1 ENOMEM
load(r0, 16) = 0x53
munmap(r0, 0x10000) = 0
load(r0, 1) = SIGSEGV
