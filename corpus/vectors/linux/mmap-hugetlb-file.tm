# Huge pages of an ordinary file.
requires linux
file f0 size=0x1000
mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE|MAP_HUGETLB, f0, 0) = -1 EINVAL
