/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent starts and calls the system. */
    .text
    .globl _start
_start:
    sub.l %fp, %fp
    lea (%sp), %a0
    move.l %a0, -(%sp)
    jsr agent_main

    .globl sys_call
    .type sys_call, @function
sys_call:
    movem.l %d2-%d5, -(%sp)
    move.l 20(%sp), %d0
    move.l 24(%sp), %d1
    move.l 28(%sp), %d2
    move.l 32(%sp), %d3
    move.l 36(%sp), %d4
    move.l 40(%sp), %d5
    move.l 44(%sp), %a0
    trap #0
    movem.l (%sp)+, %d2-%d5
    rts
    .section .note.GNU-stack, "", @progbits
