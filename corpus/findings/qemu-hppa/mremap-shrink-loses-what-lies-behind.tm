# twinmap-finding: regions/mremap/free_by_mapped/h_eq_g/qemu-hppa+model-linux
# title: mremap that shrinks a range unmaps what lies behind the range
# target: qemu-hppa
# kind: lost contents
# oracle: model-linux
# rule: LINUX_ACCESS_READ
# kernel: load(@0x12000, 1) = 1
# emulator: load(@0x12000, 1) = SIGSEGV
# versions: qemu-hppa version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: Another mapping of the program is gone, with its bytes.
# upstream: none known
twinmap 1
config guest_page=4096 bits=32
requires linux
mmap(@0x10000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x10000
mmap(@0x12000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = @0x12000
store(@0x12000, 1, 1) = ok
mremap(@0x10000, 0x2000, 0x1000, 0) = @0x10000
load(@0x12000, 1) = 1
