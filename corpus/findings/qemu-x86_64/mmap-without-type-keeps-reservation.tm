# twinmap-finding: outcome/mremap/EFAULT_by_ok/h_eq_g/kernel+qemu-x86_64
# title: mmap without MAP_SHARED or MAP_PRIVATE fails but keeps the range that it reserved
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MREMAP_UNMAPPED
# kernel: mremap(@0x10000, 0x1000, 0x1000, 0) = -1 EFAULT
# emulator: mremap(@0x10000, 0x1000, 0x1000, 0) = @0x10000
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: Each such failure leaks address space on the host, and later calls find memory where the guest has none.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_NONE, MAP_ANONYMOUS, -1, 0) = -1 EINVAL
mremap(@0x10000, 0x1000, 0x1000, 0) = -1 EFAULT
