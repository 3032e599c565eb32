/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent starts and calls the system. */
    .text
    .globl _start
_start:
    xor %ebp, %ebp
    mov %rsp, %rdi
    and $-16, %rsp
    call agent_main
    hlt

    .globl sys_call
sys_call:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    syscall
    ret
    .section .note.GNU-stack, "", @progbits
