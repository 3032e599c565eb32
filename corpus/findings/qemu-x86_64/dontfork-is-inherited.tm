# twinmap-finding: regions/born/free_by_mapped/h_eq_g/kernel+qemu-x86_64
# title: MADV_DONTFORK answers 0 and the child has the mapping
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: MEM_UNMAPPED, LINUX_GROW_NONE
# kernel: load(@0x10000, 1) = SIGSEGV
# emulator: load(@0x10000, 1) = 0x0
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: Memory of devices that must not be seen by a child is seen by it.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
madvise(@0x10000, 0x1000, MADV_DONTFORK) = 0
fork()
load(@0x10000, 1) = SIGSEGV
