# twinmap-finding: outcome/msync/ok_by_EINVAL/h_eq_g/qemu-alpha+model-linux
# title: msync takes MS_ASYNC beside MS_SYNC, flags are not translated
# target: qemu-alpha
# kind: wrong result
# oracle: model-linux
# rule: LINUX_MSYNC_BOTH
# kernel: msync(@0x10000, 0x2000, MS_ASYNC|MS_SYNC) = -1 EINVAL
# emulator: msync(@0x10000, 0x2000, MS_ASYNC|MS_SYNC) = 0
# versions: qemu-alpha version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: Flags mean something else than the program says: a write that must be waited for is not.
# upstream: none known
twinmap 1
config guest_page=8192 bits=64
requires linux
mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
msync(@0x10000, 0x2000, MS_ASYNC|MS_SYNC) = -1 EINVAL
