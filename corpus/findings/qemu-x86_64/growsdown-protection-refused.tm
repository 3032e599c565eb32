# twinmap-finding: outcome/mprotect/ok_by_EINVAL/h_eq_g/kernel+qemu-x86_64
# title: mprotect with PROT_GROWSDOWN of a stack is refused
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MPROTECT_GROWSDOWN, LINUX_MPROTECT
# kernel: mprotect(@0x10000, 0x1000, PROT_READ|PROT_GROWSDOWN) = 0
# emulator: mprotect(@0x10000, 0x1000, PROT_READ|PROT_GROWSDOWN) = -1 EINVAL
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A program that changes the rights of its stack this way, as a kernel lets it, is refused.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = @0x10000
mprotect(@0x10000, 0x1000, PROT_READ|PROT_GROWSDOWN) = 0
