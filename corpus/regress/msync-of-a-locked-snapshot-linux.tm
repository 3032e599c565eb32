# A locked snapshot that was moved is locked still: msync cannot invalidate it, which the model of the guest has forgotten.
twinmap 1
config guest_page=8192 host_page=16384
requires linux
file f0 size=70369 open=O_RDONLY
mmap(@0x10000, 0xc000, PROT_EXEC, MAP_SHARED_VALIDATE|MAP_FIXED|MAP_LOCKED, f0, 0)
mremap(@0x10000, 0xc000, 0xc000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x42000)
msync(@0x3e000, 0x12000, MS_INVALIDATE|MS_SYNC)
