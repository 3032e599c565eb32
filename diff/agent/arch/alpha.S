/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent starts and calls the system: $19 marks an errno. */
    .set noreorder
    .set noat
    .text
    .globl _start
    .ent _start
_start:
    br $27, 1f
1:  ldgp $29, 0($27)
    mov $30, $16
    lda $30, -64($30)
    jsr $26, agent_main
    .end _start

    .globl sys_call
    .ent sys_call
sys_call:
    .prologue 0
    mov $16, $0
    mov $17, $16
    mov $18, $17
    mov $19, $18
    mov $20, $19
    mov $21, $20
    ldq $21, 0($30)
    call_pal 0x83
    beq $19, 2f
    subq $31, $0, $0
2:  ret $31, ($26), 1
    .end sys_call
    .section .note.GNU-stack, "", @progbits
