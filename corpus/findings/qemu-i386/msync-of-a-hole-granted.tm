# twinmap-finding: outcome/msync/ok_by_ENOMEM/h_eq_g/qemu-i386+model-linux
# title: msync of a hole answers 0
# target: qemu-i386
# kind: wrong result
# oracle: model-linux
# rule: none
# kernel: msync(@0x10000, 0x1000, MS_SYNC) = -1 ENOMEM
# emulator: msync(@0x10000, 0x1000, MS_SYNC) = 0
# versions: qemu-i386 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A program that uses msync to find out what is mapped is told that everything is.
# upstream: none known
twinmap 1
config guest_page=4096 bits=32
requires linux
msync(@0x10000, 0x1000, MS_SYNC) = -1 ENOMEM
