# twinmap-finding: outcome/mprotect/ok_by_ENOMEM/h_eq_g/kernel+qemu-x86_64
# title: mprotect of length 0 fails
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MPROTECT_EMPTY
# kernel: mprotect(@0x10000, 0, PROT_NONE) = 0
# emulator: mprotect(@0x10000, 0, PROT_NONE) = -1 ENOMEM
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A guest whose range is empty sees a failure that no kernel gives.
# upstream: none known
twinmap 1
requires linux
mprotect(@0x10000, 0, PROT_NONE) = 0
