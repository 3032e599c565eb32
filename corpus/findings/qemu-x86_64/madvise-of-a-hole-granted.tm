# twinmap-finding: outcome/madvise/ENOMEM_by_ok/h_eq_g/kernel+qemu-x86_64
# title: madvise of a range in which nothing is mapped answers 0
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MADVISE_HOLE, LINUX_MADVISE_NOTHING
# kernel: madvise(@0x10000, 0x1000, MADV_WILLNEED) = -1 ENOMEM
# emulator: madvise(@0x10000, 0x1000, MADV_WILLNEED) = 0
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A program that uses madvise to find out what is mapped is told that everything is.
# upstream: none known
twinmap 1
requires linux
madvise(@0x10000, 0x1000, MADV_WILLNEED) = -1 ENOMEM
