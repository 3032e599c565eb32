# twinmap-finding: regions/mprotect/mapped_by_mapped/h_eq_g/kernel+qemu-x86_64
# title: mprotect that runs into a hole does not set the rights before it
# target: qemu-x86_64
# kind: wrong maps
# oracle: kernel
# rule: LINUX_MPROTECT_HOLE
# kernel: lists r--p anon at @0x10000-@0x10fff
# emulator: lists ---p anon at @0x10000-@0x10fff
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: The host changes the pages before the hole, the emulator's books do not: write() from such a page fails with EFAULT though the guest itself can read it.
# upstream: none known
# shows: maps
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mprotect(@0x10000, 0x2000, PROT_READ) = -1 ENOMEM
