# twinmap-finding: outcome/mmap/ok_by_EINVAL/h_eq_g/kernel+qemu-x86_64
# title: mmap refuses a bit of the protection that Linux ignores
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MMAP_FIXED, LINUX_MMAP_ANON, LINUX_MMAP_PROT_UNKNOWN
# kernel: mmap(@0x10000, 0x1000, PROT_READ|0x10, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
# emulator: mmap(@0x10000, 0x1000, PROT_READ|0x10, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EINVAL
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: Programs that pass a bit of another architecture or of a newer kernel cannot map memory.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_READ|0x10, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
