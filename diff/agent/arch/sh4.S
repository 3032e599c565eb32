/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent starts and calls the system. The instructions behind the trap may be read early. */
    .text
    .globl _start
    .type _start, @function
_start:
    mov r15, r4
    mov.l 1f, r0
    jsr @r0
    mov #0, r14
    .align 2
1:  .long agent_main

    .globl sys_call
    .type sys_call, @function
sys_call:
    mov r4, r3
    mov r5, r4
    mov r6, r5
    mov r7, r6
    mov.l @(0, r15), r7
    mov.l @(4, r15), r0
    mov.l @(8, r15), r1
    trapa #0x16
    or r0, r0
    or r0, r0
    or r0, r0
    or r0, r0
    or r0, r0
    rts
    nop
    .section .note.GNU-stack, "", @progbits
