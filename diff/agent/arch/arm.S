/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent starts and calls the system. */
    .syntax unified
    .text
    .arm
    .globl _start
    .type _start, %function
_start:
    mov fp, #0
    mov r0, sp
    bic sp, sp, #7
    bl agent_main

    .globl sys_call
    .type sys_call, %function
sys_call:
    push {r4, r5, r7, lr}
    mov r7, r0
    mov r0, r1
    mov r1, r2
    mov r2, r3
    ldr r3, [sp, #16]
    ldr r4, [sp, #20]
    ldr r5, [sp, #24]
    svc #0
    pop {r4, r5, r7, pc}
    .section .note.GNU-stack, "", %progbits
