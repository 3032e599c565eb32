# twinmap-finding: regions/mmap/mapped_by_mapped/h_eq_g/qemu-i386+model-linux
# title: mmap2 of a file at 4 GiB maps its beginning
# target: qemu-i386
# kind: lost contents
# oracle: model-linux
# rule: MEM_PAST_EOF, LINUX_ACCESS_READ
# kernel: load(@0x10000, 1) = SIGBUS
# emulator: load(@0x10000, 1) = 0x1
# versions: qemu-i386 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A program reads, and with a shared map overwrites, another part of a large file than it asked for.
# upstream: 55baec0f4c; LP 1761153
twinmap 1
config guest_page=4096 bits=32
requires linux
file f0 size=4096
mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, f0, 0x100000000) = @0x10000
load(@0x10000, 1) = SIGBUS
