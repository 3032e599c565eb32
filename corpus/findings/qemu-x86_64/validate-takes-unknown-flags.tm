# twinmap-finding: outcome/mmap/EOPNOTSUPP_by_ok/h_eq_g/kernel+qemu-x86_64
# title: MAP_SHARED_VALIDATE takes flags that nobody knows
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MMAP_FILE_FLAGS
# kernel: mmap(@0x10000, 0x1000, PROT_READ, MAP_SHARED_VALIDATE|MAP_FIXED|0x800000, f0, 0) = -1 EOPNOTSUPP
# emulator: mmap(@0x10000, 0x1000, PROT_READ, MAP_SHARED_VALIDATE|MAP_FIXED|0x800000, f0, 0) = @0x10000
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A program that asks whether a flag, MAP_SYNC of persistent memory for one, is supported is told that it is.
# upstream: none known
twinmap 1
requires linux
file f0 size=4096
mmap(@0x10000, 0x1000, PROT_READ, MAP_SHARED_VALIDATE|MAP_FIXED|0x800000, f0, 0) = -1 EOPNOTSUPP
