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
/*
 * Division, which this architecture has no instruction for and whose routines are the C library's:
 * $24 by $25 into $27, back to $23, all else as it was. Those for 32 bits give a result that is
 * extended by its sign.
 */
    .macro enter name
    .globl \name
    .ent \name
\name:
    .frame $30, 64, $23
    lda $30, -64($30)
    .prologue 0
    stq $1, 0($30)
    stq $2, 8($30)
    stq $3, 16($30)
    stq $4, 24($30)
    stq $5, 32($30)
    stq $24, 40($30)
    stq $25, 48($30)
    .endm

/* $24 by $25: $2, and $1 is left. */
    .macro divide
    mov $31, $1
    mov $31, $2
    lda $3, 64($31)
1:  srl $24, 63, $4
    cmplt $1, $31, $27 /* the bit that $1 is about to lose */
    addq $1, $1, $1
    bis $1, $4, $1
    addq $24, $24, $24
    addq $2, $2, $2
    cmpule $25, $1, $4
    bis $4, $27, $4
    beq $4, 2f
    subq $1, $25, $1
    bis $2, 1, $2
2:  subq $3, 1, $3
    bne $3, 1b
    .endm

    .macro leave name
    ldq $1, 0($30)
    ldq $2, 8($30)
    ldq $3, 16($30)
    ldq $4, 24($30)
    ldq $5, 32($30)
    ldq $24, 40($30)
    ldq $25, 48($30)
    lda $30, 64($30)
    ret $31, ($23), 1
    .end \name
    .endm

    .macro unsigned64 name, result
    enter \name
    divide
    mov \result, $27
    leave \name
    .endm

    .macro unsigned32 name, result
    enter \name
    zapnot $24, 15, $24
    zapnot $25, 15, $25
    divide
    addl \result, $31, $27
    leave \name
    .endm

/* SIGN: which of the numbers decide the result's. */
    .macro signed32 name, result, sign
    enter \name
    addl $24, $31, $24
    addl $25, $31, $25
    xor $24, \sign, $5
    subq $31, $24, $4
    cmovlt $24, $4, $24
    subq $31, $25, $4
    cmovlt $25, $4, $25
    divide
    mov \result, $27
    subq $31, $27, $4
    cmovlt $5, $4, $27
    addl $27, $31, $27
    leave \name
    .endm

    unsigned64 __divqu, $2
    unsigned64 __remqu, $1
    unsigned32 __divlu, $2
    unsigned32 __remlu, $1
    signed32 __divl, $2, $25
    signed32 __reml, $1, $31

    .section .note.GNU-stack, "", @progbits
