# twinmap-finding: outcome/mmap/ENOMEM_by_ok/h_eq_g/qemu-alpha+model-linux
# title: mmap of an empty file is refused on a guest with larger pages
# target: qemu-alpha
# kind: wrong result
# oracle: model-linux
# rule: none
# kernel: mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0) = @0x10000
# emulator: mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0) = -1 ENOMEM
# versions: qemu-alpha version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A program that maps a log before it writes the first record fails.
# upstream: none known
twinmap 1
config guest_page=8192 bits=64
requires linux
file f0 size=0
mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0) = @0x10000
