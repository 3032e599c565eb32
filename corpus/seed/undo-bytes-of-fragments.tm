# a fixed map of three parts: what fails late gives back the bytes of what was done first
config guest_page=4096 host_page=16384 bits=32 reserved=0x8000000
mmap(@0x100000, 0xc000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x100000
store(@0x100000, 0xc000, 0xab) = ok
mmap(@0x102000, 0x8000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
load(@0x101000, 16)
