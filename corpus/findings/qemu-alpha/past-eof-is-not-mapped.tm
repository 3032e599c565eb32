# twinmap-finding: regions/mmap/free_by_mapped/h_eq_g/qemu-alpha+model-linux
# title: Pages of a file map behind the end of the file are not mapped on a guest with larger pages
# target: qemu-alpha
# kind: wrong result
# oracle: model-linux
# rule: MEM_PAST_EOF, LINUX_ACCESS_READ
# kernel: load(@0x12000, 1) = SIGBUS
# emulator: load(@0x12000, 1) = SIGSEGV
# versions: qemu-alpha version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A file that grows under its map, as databases let it, is not seen: SIGSEGV instead of SIGBUS or bytes.
# upstream: none known
twinmap 1
config guest_page=8192 bits=64
requires linux
file f0 size=8192
mmap(@0x10000, 0x4000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0) = @0x10000
load(@0x12000, 1) = SIGBUS
