# twinmap-finding: bytes/born/mapped/h_eq_g/kernel+qemu-x86_64
# title: MADV_WIPEONFORK answers 0 and the child has the bytes
# target: qemu-x86_64
# kind: lost contents
# oracle: kernel
# rule: MEM_ZERO_FILL, LINUX_ACCESS_READ
# kernel: load(@0x10000, 1) = 0
# emulator: load(@0x10000, 1) = 0x1
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: Keys and random number states that a library protects this way are leaked to child processes.
# upstream: 4530deb1fe, emulates it since 8.0
twinmap 1
requires linux
mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
madvise(@0x10000, 0x1000, MADV_WIPEONFORK) = 0
store(@0x10000, 1, 1) = ok
fork()
load(@0x10000, 1) = 0
