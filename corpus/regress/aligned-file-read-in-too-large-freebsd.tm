# An alignment that the file's offset in its host page cannot have asks for a copy, which may be too large.
requires freebsd
requires guest_page=4096
config host_page=65536 bits=32 reserved=0x40000000
file f0 size=0x100002332
mmap(NULL, 0x8000000, PROT_READ, MAP_SHARED|MAP_ALIGNED(16), f0, 0x2000)
mmap(NULL, 0x8000000, PROT_READ, MAP_SHARED|MAP_ALIGNED(13), f0, 0x2000)
mmap(NULL, 0x8000000, PROT_READ, MAP_PRIVATE|MAP_ALIGNED(14), f0, 0x2000)
