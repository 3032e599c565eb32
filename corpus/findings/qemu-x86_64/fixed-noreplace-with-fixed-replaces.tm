# twinmap-finding: outcome/mmap/EEXIST_by_ok/h_eq_g/kernel+qemu-x86_64
# title: MAP_FIXED|MAP_FIXED_NOREPLACE replaces what is mapped there
# target: qemu-x86_64
# kind: lost contents
# oracle: kernel
# rule: LINUX_MMAP_NOREPLACE_USED
# kernel: mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = -1 EEXIST
# emulator: mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = @0x10000
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A guest that asks not to replace anything loses the memory that was there; allocators that probe with both flags overwrite live data.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(@0x10000, 1, 0x42) = ok
mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = -1 EEXIST
load(@0x10000, 1) = 0x42
