/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the agent starts and calls the system: the carry bit marks an errno. Of what fork gives to
 * the child only the second register says that it is the child.
 */
#include <asm/unistd.h>

#define BIAS 2047

    .text
    .globl _start
_start:
    clr %fp
    add %sp, BIAS + 128, %o0
    call agent_main
    sub %sp, 192, %sp

    .globl sys_call
    .type sys_call, #function
sys_call:
    mov %o0, %g1
    mov %o1, %o0
    mov %o2, %o1
    mov %o3, %o2
    mov %o4, %o3
    mov %o5, %o4
    ldx [%sp + BIAS + 176], %o5
    ta 0x6d
    bcc,pt %xcc, 1f
    nop
    sub %g0, %o0, %o0
1:  retl
    nop

    .globl sys_call_fork
    .type sys_call_fork, #function
sys_call_fork:
    mov __NR_fork, %g1
    ta 0x6d
    bcc,pt %xcc, 1f
    nop
    retl
    sub %g0, %o0, %o0
1:  sub %o1, 1, %o1
    retl
    and %o0, %o1, %o0
    .section .note.GNU-stack, "", @progbits
