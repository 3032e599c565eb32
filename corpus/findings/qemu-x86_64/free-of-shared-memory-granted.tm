# twinmap-finding: outcome/madvise/EINVAL_by_ok/h_eq_g/kernel+qemu-x86_64
# title: MADV_FREE of shared memory answers 0
# target: qemu-x86_64
# kind: wrong result
# oracle: kernel
# rule: LINUX_MADVISE_FREE_KIND
# kernel: madvise(@0x10000, 0x1000, MADV_FREE) = -1 EINVAL
# emulator: madvise(@0x10000, 0x1000, MADV_FREE) = 0
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: An allocator that falls back to another advice when this one is refused never does, and gives nothing back.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_READ, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
madvise(@0x10000, 0x1000, MADV_FREE) = -1 EINVAL
