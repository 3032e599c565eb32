/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent starts and calls the system, through the gateway page. The stack grows upwards. */
    .level 1.1
    .text
    .import $global$, data
    .globl _start
    .type _start, @function
_start:
    .proc
    .callinfo
    ldil L%$global$, %r27
    ldo R%$global$(%r27), %r27
    ldo -4(%r24), %r26
    b,l agent_main, %r2
    ldo 64(%r30), %r30
    .procend

    .globl sys_call
    .type sys_call, @function
sys_call:
    .proc
    .callinfo
    stw %r2, -20(%r30)
    copy %r26, %r20
    copy %r25, %r26
    copy %r24, %r25
    copy %r23, %r24
    ldw -52(%r30), %r23
    ldw -56(%r30), %r22
    ldw -60(%r30), %r21
    ble 0x100(%sr2, %r0)
    nop
    ldw -20(%r30), %r2
    bv %r0(%r2)
    nop
    .procend
    .section .note.GNU-stack, "", @progbits
