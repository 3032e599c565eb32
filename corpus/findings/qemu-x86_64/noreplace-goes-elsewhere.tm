# twinmap-finding: outcome/mmap/EEXIST_by_ok/h_eq_g/kernel+qemu-x86_64
# title: MAP_FIXED_NOREPLACE over a mapping succeeds at another address
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MMAP_NOREPLACE_USED
# kernel: mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = -1 EEXIST
# emulator: mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = @0x5f05250c9000
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: Loaders and allocators that probe for a free place take a map at a place they did not ask for as the place they asked for.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = -1 EEXIST
