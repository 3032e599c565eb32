# Advice on a copy that stands for shared memory: to the layer it is shared still.
config guest_page=8192 host_page=16384 bits=32 reserved=0x1000000
requires linux
requires guest_page=8192
requires h_gt_g
mmap(@0xff8000, 0x6000, PROT_READ, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
mprotect(@0xff8000, 0x6000, PROT_NONE) = 0
mremap(@0xff8000, 0x6000, 0x2000, MREMAP_MAYMOVE|MREMAP_FIXED, @0xfea000) = @0xfea000
mprotect(@0xfea000, 0x2000, PROT_READ|PROT_WRITE)
madvise(@0xfea000, 0x2000, MADV_FREE)
