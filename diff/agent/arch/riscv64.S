/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent starts and calls the system. */
    .text
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    mv a0, sp
    andi sp, sp, -16
    call agent_main

    .globl sys_call
sys_call:
    mv a7, a0
    mv a0, a1
    mv a1, a2
    mv a2, a3
    mv a3, a4
    mv a4, a5
    mv a5, a6
    ecall
    ret
    .section .note.GNU-stack, "", @progbits
