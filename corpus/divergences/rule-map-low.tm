# Linux keeps the first 64 KiB free from who has no privilege.
twinmap 1
config guest_base=0
mmap(@0x8000, 0x8000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
