# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's side of lib/exec/agent_wire.h, written from that page alone: an agent and what it says."""

import os
import select
import struct
import subprocess
import time
from dataclasses import dataclass, field

PROGRAM, GO, HELLO, BEGIN, END, PAUSED, DONE, ERROR = range(1, 9)
PAUSE, NO_MAPS = 1, 2
OP, BORN, PROC_DONE = range(3)
NOT_RUN, SKIPPED, OK, FAIL, SIGNAL = range(5)
NONE, SEGV, BUS, ILL, TRAP, FPE, ABRT, KILL, SYS, OTHER = range(10)
EXITED, STATUS, SIGNALED = range(3)
MASK = (1 << 64) - 1
TIMEOUT = 30


def page_sum(data):
    """record_sum of lib/exec/record_sum.c."""
    lane = [1, 2, 3, 4]
    total = len(data)
    for at in range(0, len(data), 32):
        for k, word in enumerate(struct.unpack_from("<4Q", data, at)):
            lane[k] = (lane[k] ^ word) * 0x9E3779B97F4A7C15 & MASK
            lane[k] ^= lane[k] >> 29
    for k in range(4):
        total = (total ^ lane[k]) * 0xD6E8FEB86659FD93 & MASK
        total ^= total >> 32
    return total


def file_bytes(index, offset, length):
    """prog_file_byte of lib/op/prog.h."""
    return bytes(1 + ((offset + i) // 512 + 37 * index) % 251 for i in range(length))


@dataclass
class Hello:
    bits: int
    big: int
    page: int
    window: int
    within: tuple
    last: int
    lowest: int
    hint: int
    privileged: int
    exec_only: int
    anchor: int
    release: int
    pid: int
    arch: str


@dataclass
class Step:
    what: int
    op: int
    process: int
    ended: bool = False
    kind: int = NOT_RUN
    mixed: int = 0
    poison: int = 0
    has_at: int = 0
    err: int = 0
    signal: int = 0
    value: int = 0
    at: int = 0
    has_regions: int = 0
    regions: list = field(default_factory=list)
    digests: dict = field(default_factory=dict)


@dataclass
class Run:
    steps: list
    end: int = -1
    how: int = 0
    pid: int = 0
    paused: int = 0
    error: str = ""
    nested: bool = False  # a BEGIN or DONE where an END was due

    def op(self, index):
        found = [s for s in self.steps if s.what == OP and s.op == index]
        return found[0] if found else Step(OP, index, 0)


def parse_hello(data):
    magic, version, bits, big, *rest = struct.unpack_from("<IHBB7QBBQIIB", data)
    page, window, start, last, top, lowest, hint, privileged, exec_only, anchor, release, pid, length = rest
    assert magic == 0x6D677774 and version == 1, (magic, version)
    arch = data[struct.calcsize("<IHBB7QBBQIIB"):]
    assert len(arch) == length, (arch, length)
    return Hello(bits, big, page, window, (start, last), top, lowest, hint, privileged, exec_only, anchor, release, pid,
                 arch.decode())


def parse_end(step, data):
    (step.kind, step.mixed, step.poison, step.has_at, step.err, step.signal, step.value, step.at, step.has_regions,
     n) = struct.unpack_from("<BBBBiBQQBI", data)
    at = struct.calcsize("<BBBBiBQQBI")
    for _ in range(n):
        step.regions.append(struct.unpack_from("<QQBBBQQ", data, at))
        at += 35
    (n,) = struct.unpack_from("<I", data, at)
    at += 4
    for _ in range(n):
        page, total, kind = struct.unpack_from("<QQB", data, at)
        step.digests[page] = (total, kind)
        at += 17
    assert at == len(data), (at, len(data))
    step.ended = True


class Agent:
    """A running agent. Frames are taken apart as they come, however they were cut."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, bufsize=0)
        self.pending = b""
        kind, data = self.frame()
        if kind != HELLO:
            raise EOFError(f"no HELLO: {kind} {data!r} {self.close()[1]!r}")
        self.hello = parse_hello(data)

    def frame(self):
        """(kind, payload) of the next frame, (None, b"") at the end."""
        deadline = time.monotonic() + TIMEOUT
        while len(self.pending) < 4 or len(self.pending) < 4 + struct.unpack_from("<I", self.pending)[0]:
            ready = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]
            if not ready:
                raise TimeoutError("the agent says nothing")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return None, b""
            self.pending += data
        length = struct.unpack_from("<I", self.pending)[0]
        payload, self.pending = self.pending[4:4 + length], self.pending[4 + length:]
        return payload[0], payload[1:]

    def send(self, kind, payload=b""):
        data = struct.pack("<IB", len(payload) + 1, kind) + payload
        while data:
            data = data[os.write(self.process.stdin.fileno(), data):]

    def run(self, program, flags=0, while_paused=None, on_step=None):
        self.send(PROGRAM, bytes([flags]) + program)
        run = Run([])
        while True:
            kind, data = self.frame()
            is_open = bool(run.steps) and not run.steps[-1].ended
            if kind == BEGIN:
                run.nested |= is_open
                run.steps.append(Step(*struct.unpack("<BII", data)))
                if on_step:
                    on_step(len(run.steps))
            elif kind == END:
                run.nested |= not is_open
                parse_end(run.steps[-1], data)
            elif kind == PAUSED:
                run.paused = struct.unpack("<I", data)[0]
                if while_paused:
                    while_paused(run.paused)
                self.send(GO)
            elif kind == DONE:
                run.end, run.how, run.pid = struct.unpack("<BBI", data)
                return run
            else:
                run.error = data.decode(errors="replace") if kind == ERROR else f"frame {kind}"
                return run

    def close(self):
        """Its status and what it said on standard error, once its input is at its end."""
        self.process.stdin.close()
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
        text = self.process.stderr.read().decode(errors="replace")
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait(), text
