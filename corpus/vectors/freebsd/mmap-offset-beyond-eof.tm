# Beyond the end of file: mapped, SIGBUS on access.
requires freebsd
requires host_page=4096
file f0 size=0x1000
r0 = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE, f0, 0x4000) = ok
load(r0, 1) = SIGBUS
