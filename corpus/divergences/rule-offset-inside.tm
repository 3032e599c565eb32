# A file from an offset inside a page: FreeBSD maps the page that holds it.
twinmap 1
file f0 size=65536
mmap(@0x40010, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x10)
