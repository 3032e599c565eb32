# twinmap-finding: outcome/mmap/ok_by_EINVAL/h_eq_g/qemu-sparc64+model-linux
# title: MAP_GROWSDOWN of a file is granted on a guest with larger pages
# target: qemu-sparc64
# kind: wrong result
# oracle: model-linux
# rule: none
# kernel: mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_GROWSDOWN, f0, 0) = -1 EINVAL
# emulator: mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_GROWSDOWN, f0, 0) = @0x10000
# versions: qemu-sparc64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A request that makes no sense succeeds instead of being refused.
# upstream: none known
twinmap 1
config guest_page=8192 bits=64
requires linux
file f0 size=8192
mmap(@0x10000, 0x2000, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_GROWSDOWN, f0, 0) = -1 EINVAL
