/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent starts and calls the system: a set summary overflow bit marks an errno. */
    .abiversion 2
    .text
    .globl _start
    .type _start, @function
_start:
    bcl 20, 31, 1f
1:  mflr 12
    addis 2, 12, .TOC. - 1b@ha
    addi 2, 2, .TOC. - 1b@l
    mr 3, 1
    clrrdi 1, 1, 4
    li 0, 0
    stdu 0, -128(1)
    bl agent_main
    nop

    .globl sys_call
    .type sys_call, @function
sys_call:
    mr 0, 3
    mr 3, 4
    mr 4, 5
    mr 5, 6
    mr 6, 7
    mr 7, 8
    mr 8, 9
    sc
    bnslr
    neg 3, 3
    blr
    .section .note.GNU-stack, "", @progbits
