# twinmap-finding: outcome/mprotect/ENOMEM_by_crash:translate-all.c_page_set_flags_Assertion_start_end_failed./h_eq_g/kernel+qemu-x86_64
# title: mprotect up to the last address ends the emulator
# target: qemu-x86_64
# kind: abort
# oracle: kernel
# rule: LINUX_MPROTECT_WRAP
# kernel: mprotect(0xffffffffffffd000, 0x3000, PROT_NONE) = -1 ENOMEM
# emulator: qemu-x86_64: ../../accel/tcg/translate-all.c:1380: page_set_flags: Assertion `start < end' failed.
# versions: qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3); Linux 6.18.44 x86_64
# impact: Any guest program ends the emulator with one system call that a kernel just refuses.
# upstream: ebf9a3630c (guest ranges are checked)
twinmap 1
requires linux
mprotect(0xffffffffffffd000, 0x3000, PROT_NONE) = -1 ENOMEM
