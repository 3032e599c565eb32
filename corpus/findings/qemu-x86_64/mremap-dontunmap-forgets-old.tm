# twinmap-finding: regions/mremap/mapped_by_free/h_eq_g/kernel+qemu-x86_64
# title: mremap with MREMAP_DONTUNMAP forgets the mapping that it keeps
# target: qemu-x86_64
# kind: wrong maps
# oracle: kernel
# rule: LINUX_PLACE_HINT, LINUX_MREMAP_DONTUNMAP
# kernel: lists rw-p anon at @0x10000-@0x10fff
# emulator: lists nothing at @0x10000-@0x10fff
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: The old range stays usable but is free in the emulator's books: /proc/self/maps lacks it, and write() from it fails with EFAULT.
# upstream: none known
# shows: maps
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(@0x10000, 1, 0x42) = ok
mremap(@0x10000, 0x1000, 0x1000, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, @0x20000) = ok
