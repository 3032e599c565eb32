# twinmap-finding: outcome/mprotect/ok_by_ENOMEM/h_eq_g/qemu-i386+model-linux
# title: mprotect of a hole succeeds and makes memory of it
# target: qemu-i386
# kind: wrong result
# oracle: model-linux
# rule: none
# kernel: mprotect(@0x10000, 0x1000, PROT_READ|PROT_WRITE) = -1 ENOMEM
# emulator: mprotect(@0x10000, 0x1000, PROT_READ|PROT_WRITE) = 0
# versions: qemu-i386 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A stray pointer finds memory where a kernel ends the program: guard gaps are no gaps.
# upstream: none known
twinmap 1
config guest_page=4096 bits=32
requires linux
mprotect(@0x10000, 0x1000, PROT_READ|PROT_WRITE) = -1 ENOMEM
store(@0x10000, 1, 1) = SIGSEGV
