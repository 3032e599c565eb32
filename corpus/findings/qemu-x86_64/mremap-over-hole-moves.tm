# twinmap-finding: regions/mremap/free_by_mapped/h_eq_g/kernel+qemu-x86_64
# title: mremap of a range that runs into a hole, to its own size, moves it and claims the hole
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MREMAP_SAME
# kernel: mremap(@0x10000, 0x2000, 0x2000, MREMAP_MAYMOVE) = @0x10000
# emulator: mremap(@0x10000, 0x2000, 0x2000, MREMAP_MAYMOVE) = another address
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A call that changes nothing on a kernel moves the mapping away: pointers into it are dead.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mremap(@0x10000, 0x2000, 0x2000, MREMAP_MAYMOVE) = @0x10000
