# twinmap-finding: outcome/msync/EINVAL_by_ok/h_eq_g/qemu-hppa+model-linux
# title: msync with MS_INVALIDATE is refused, flags are not translated
# target: qemu-hppa
# kind: wrong result
# oracle: model-linux
# rule: LINUX_MSYNC
# kernel: msync(@0x10000, 0x1000, MS_INVALIDATE|MS_SYNC) = 0
# emulator: msync(@0x10000, 0x1000, MS_INVALIDATE|MS_SYNC) = -1 EINVAL
# versions: qemu-hppa version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: Databases that flush and invalidate a map fail.
# upstream: none known
twinmap 1
config guest_page=4096 bits=32
requires linux
mmap(@0x10000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
msync(@0x10000, 0x1000, MS_INVALIDATE|MS_SYNC) = 0
