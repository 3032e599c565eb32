# twinmap-finding: outcome/mremap/EFAULT_by_ENOMEM/h_eq_g/kernel+qemu-x86_64
# title: mremap of a source of absurd length says ENOMEM
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MREMAP_UNMAPPED
# kernel: mremap(@0x10000, 0xfffffffffffff000, 0x1000, 0) = -1 EFAULT
# emulator: mremap(@0x10000, 0xfffffffffffff000, 0x1000, 0) = -1 ENOMEM
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A program that tells a lack of memory from a wrong address draws the wrong conclusion.
# upstream: ebf9a3630c; issue #1729 speaks of errno of mremap
twinmap 1
requires linux
mremap(@0x10000, 0xfffffffffffff000, 0x1000, 0) = -1 EFAULT
