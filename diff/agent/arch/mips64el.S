/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent starts and calls the system: $7 marks an errno. */
    .set noreorder
    .text
    .globl _start
    .type _start, @function
_start:
    move $4, $29
    dsubu $29, $29, 64
    jal agent_main
    nop

    .globl sys_call
    .type sys_call, @function
sys_call:
    move $2, $4
    move $4, $5
    move $5, $6
    move $6, $7
    move $7, $8
    move $8, $9
    move $9, $10
    syscall
    beqz $7, 1f
    nop
    dsubu $2, $0, $2
1:  jr $31
    nop
    .section .note.GNU-stack, "", @progbits
