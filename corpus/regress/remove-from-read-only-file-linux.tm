# MADV_REMOVE needs a shared map whose descriptor may write, whatever rights the map has.
twinmap 1
config guest_page=4096 host_page=4096
requires linux
requires h_eq_g
file f0 size=65536 open=O_RDONLY
file f1 size=65536
mmap(@0x40000, 0x10000, PROT_READ, MAP_SHARED|MAP_FIXED, f0, 0) = @0x40000
mmap(@0x60000, 0x10000, PROT_READ, MAP_SHARED|MAP_FIXED, f1, 0) = @0x60000
madvise(@0x40000, 0x10000, MADV_REMOVE) = -1 EACCES
madvise(@0x60000, 0x10000, MADV_REMOVE) = 0
