# A private map without rights of a file that cannot be read.
twinmap 1
file f0 size=65536 open=O_WRONLY
mmap(@0x40000, 0x4000, PROT_NONE, MAP_PRIVATE|MAP_FIXED, f0, 0)
