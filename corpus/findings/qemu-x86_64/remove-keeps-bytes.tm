# twinmap-finding: outcome/load/ok_by_ok/h_eq_g/kernel+qemu-x86_64
# title: MADV_REMOVE answers 0 and keeps the bytes
# target: qemu-x86_64
# kind: lost contents
# oracle: kernel
# rule: MEM_SHARED_LOAD, LINUX_ACCESS_READ
# kernel: load(@0x10000, 1) = 0
# emulator: load(@0x10000, 1) = 0x1
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A hole punched into shared memory still shows its old contents, to every process that shares it.
# upstream: none known
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
store(@0x10000, 1, 1) = ok
madvise(@0x10000, 0x1000, MADV_REMOVE) = 0
load(@0x10000, 1) = 0
