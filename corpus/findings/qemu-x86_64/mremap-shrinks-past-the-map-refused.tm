# twinmap-finding: outcome/mremap/ok_by_EFAULT/h_eq_g/kernel+qemu-x86_64
# title: mremap that shrinks a range whose end is not mapped is refused
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MREMAP_SHRINK
# kernel: mremap(@0x10000, 0x3000, 0x2000, MREMAP_MAYMOVE) = @0x10000
# emulator: mremap(@0x10000, 0x3000, 0x2000, MREMAP_MAYMOVE) = -1 EFAULT
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A call that a kernel grants fails with EFAULT, or moves the map.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mremap(@0x10000, 0x3000, 0x2000, MREMAP_MAYMOVE) = @0x10000
