# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that scripts start, each in a session of its own: however they end, nothing of them is left behind."""

import ctypes
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple, Optional

PR_SET_CHILD_SUBREAPER = 36
BURY_SECONDS = 10


class Done(NamedTuple):
    status: Optional[int]  # None: it did not end in time, and was ended
    stdout: str
    stderr: str
    seconds: float


class Stopped(Exception):
    """end_all() was called: nothing is started any more."""


_lock = threading.Lock()
_running = set()
_stopped = False


def _end_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(command, limit=None, **how):
    """Run COMMAND for LIMIT seconds at most; what it has left in its group is gone afterwards. HOW is Popen's."""
    began = time.monotonic()
    how = {"stdin": subprocess.DEVNULL, **how}
    with _lock:
        if _stopped:
            raise Stopped
        child = subprocess.Popen(list(map(str, command)), start_new_session=True, **how)
        _running.add(child)
    out = err = None
    status = None
    try:
        out, err = child.communicate(timeout=limit)
        status = child.returncode
    except subprocess.TimeoutExpired:
        pass
    finally:
        with _lock:
            _running.discard(child)
        _end_group(child)
        child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe:
                pipe.close()
    return Done(status, out or "", err or "", time.monotonic() - began)


def read(command, limit=None):
    """The same with what it prints, as text."""
    return run(command, limit, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")


def end_all():
    """End whatever is being run by any thread, for good."""
    global _stopped
    with _lock:
        _stopped = True
        for child in _running:
            _end_group(child)


def adopt_strays():
    """From here on what a command leaves behind is this process's to bury, and a request to end is Ctrl-C."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def _children():
    pids = []
    for path in Path("/proc/self/task").glob("*/children"):
        pids += map(int, path.read_text(encoding="ascii").split())
    return pids


def bury_strays():
    """Wait for what was left behind, which ends by itself when its parent is gone; end what does not. No command may run."""
    deadline = time.monotonic() + BURY_SECONDS
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            if time.monotonic() > deadline:
                for stray in _children():
                    os.kill(stray, signal.SIGKILL)
            time.sleep(0.02)
