# twinmap-finding: outcome/mremap/ok_by_EFAULT/h_eq_g/qemu-i386+model-linux
# title: mremap of a hole succeeds
# target: qemu-i386
# kind: wrong result
# oracle: model-linux
# rule: none
# kernel: mremap(@0x10000, 0x1000, 0x1000, 0) = -1 EFAULT
# emulator: mremap(@0x10000, 0x1000, 0x1000, 0) = @0x10000
# versions: qemu-i386 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A failed lookup turns into a mapping that nobody made.
# upstream: none known
twinmap 1
config guest_page=4096 bits=32
requires linux
mremap(@0x10000, 0x1000, 0x1000, 0) = -1 EFAULT
