# twinmap-finding: outcome/munmap/EINVAL_by_crash:translate-all.c_page_set_flags_Assertion_start_end_failed./h_eq_g/kernel+qemu-x86_64
# title: munmap of the end of the address space aborts the emulator
# target: qemu-x86_64
# kind: abort
# oracle: kernel
# rule: LINUX_MUNMAP_RANGE
# kernel: munmap(0xffffffffffffd000, 0x3000) = -1 EINVAL
# emulator: qemu-x86_64: ../../accel/tcg/translate-all.c:1380: page_set_flags: Assertion `start < end' failed.
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: A guest that unmaps a range it computed wrong is killed by an assertion instead of getting EINVAL.
# upstream: ebf9a3630c checks the ranges of munmap and mprotect
twinmap 1
requires linux
munmap(0xffffffffffffd000, 0x3000) = -1 EINVAL
