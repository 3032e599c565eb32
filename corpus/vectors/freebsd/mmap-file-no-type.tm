# A file map needs a sharing type.
requires freebsd
file f0 size=0x2000
mmap(NULL, 0x1000, PROT_READ, 0, f0, 0) = -1 EINVAL
