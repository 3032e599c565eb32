# twinmap-finding: regions/mprotect/mapped_by_mapped/h_eq_g/kernel+qemu-x86_64
# title: A store after mprotect over a hole never ends
# target: qemu-x86_64
# kind: hang
# oracle: kernel
# rule: MEM_RIGHTS, LINUX_ACCESS_DENIED
# kernel: store(@0x10000, 1, 1) = SIGSEGV
# emulator: hung
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A program that a kernel ends with SIGSEGV, or that handles it, hangs for ever and eats a processor.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mprotect(@0x10000, 0x2000, PROT_NONE) = -1 ENOMEM
store(@0x10000, 1, 1) = SIGSEGV
