# twinmap-finding: outcome/mremap/ok_by_ENOMEM/h_eq_g/kernel+qemu-x86_64
# title: mremap of no bytes of a shared map, a second map of it, is refused
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_PLACE_TOP, LINUX_MREMAP_DUP
# kernel: mremap(@0x10000, 0, 0x1000, MREMAP_MAYMOVE) = ok
# emulator: mremap(@0x10000, 0, 0x1000, MREMAP_MAYMOVE) = -1 ENOMEM
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: Ring buffers that map a shared object twice by mremap fail to start.
# upstream: issue #3105
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_READ, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mremap(@0x10000, 0, 0x1000, MREMAP_MAYMOVE) = ok
