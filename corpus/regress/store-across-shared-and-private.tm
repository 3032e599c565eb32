# One store over a shared and a private map of the same file: the file changes, and that is right.
config bits=32 reserved=0x8000000
requires host_page=4096
file f0 size=0x1000
r0 = mmap(@0x102000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, f0, 0) = @0x102000
r1 = mmap(@0x101000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f0, 0) = @0x101000
store(r1, 0x2000, 0x72) = 0
load(r0, 0x1000) = 0x72
