# twinmap-finding: outcome/load/ok_by_SIGSEGV/h_eq_g/qemu-sparc64+model-linux
# title: MAP_LOCKED makes a stack that grows, and MAP_GROWSDOWN does not: sparc has other numbers
# target: qemu-sparc64
# kind: wrong result
# oracle: model-linux
# rule: MEM_UNMAPPED, LINUX_GROW_NONE
# kernel: load(@0x10000, 1) = SIGSEGV
# emulator: load(@0x10000, 1) = 0x0
# versions: qemu-sparc64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A stray access below locked memory finds memory where a kernel ends the program, and stacks do not grow.
# upstream: linux-user/sparc/target_mman.h has the numbers in later versions
twinmap 1
config guest_page=8192 bits=64
requires linux
mmap(@0x12000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = @0x12000
load(@0x10000, 1) = SIGSEGV
