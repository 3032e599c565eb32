# A fixed move of several mappings with a hole between them: what lies where the hole goes?
requires linux
requires guest_page=4096
mmap(@0x100000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
mmap(@0x102000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x102000
store(@0x100000, 16, 0x11) = ok
store(@0x102000, 16, 0x12) = ok
mmap(@0x200000, 0x3000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x200000
store(@0x200000, 0x3000, 0x21) = ok
mremap(@0x100000, 0x3000, 0x3000, MREMAP_MAYMOVE|MREMAP_FIXED, @0x200000)
load(@0x200000, 16)
load(@0x201000, 16)
load(@0x202000, 16)
