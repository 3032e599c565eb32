/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the agent starts and calls the system. */
    .text
    .globl _start
_start:
    lgr %r2, %r15
    aghi %r15, -160
    brasl %r14, agent_main

    .globl sys_call
sys_call:
    stmg %r6, %r7, 48(%r15)
    lgr %r1, %r2
    lgr %r2, %r3
    lgr %r3, %r4
    lgr %r4, %r5
    lgr %r5, %r6
    lg %r6, 160(%r15)
    lg %r7, 168(%r15)
    svc 0
    lmg %r6, %r7, 48(%r15)
    br %r14
    .section .note.GNU-stack, "", @progbits
