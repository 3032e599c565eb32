# SPDX-License-Identifier: GPL-2.0-or-later
"""Findings in real emulators, one program each below corpus/findings/TARGET/: how they are read, run and compiled.

A finding is a program whose expectations are what the kernel (or, for a guest that no kernel here runs, the
specification) does. Comments at its head, "# key: value", say the rest; docs/REPRO.md names the keys.
"""

import json
import os
import platform
import re
import resource
import shlex
import shutil
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "corpus" / "findings"
MARK = "twinmap-finding"
KEYS = ["title", "target", "kind", "oracle", "rule", "kernel", "emulator", "versions", "impact", "upstream"]
OPTIONAL = ["shows"]  # "maps": no op shows it, only the list of what is mapped
KINDS = ["abort", "hang", "lost contents", "wrong result", "wrong maps"]
ORACLES = ["kernel", "model-linux"]
FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-static"]
IDLE = "msync(@0x10001, 1, 0)\n"  # a program that does next to nothing
SECONDS = 90        # more than a C file gives itself
TIMES = 10          # a finding must show so often of so many
CANNOT = 2          # status of a C file that cannot take its steps
SKIPPED = 77        # of twinmap, if nothing could run


class FindingError(Exception):
    """Something about a finding is not as it must be; the text is for people."""


class Finding:
    """One program of corpus/findings, by its head."""

    def __init__(self, path):
        self.path = Path(path)
        self.text = self.path.read_text(encoding="ascii")
        self.signatures, self.keys = [], {}
        for key, value in re.findall(r"^# ([\w-]+): (.*)$", self.text.split("\ntwinmap 1\n", 1)[0], flags=re.M):
            if key == MARK:
                self.signatures.append(value)
            else:
                self.keys[key] = value

    def __getattr__(self, key):
        if key in KEYS or key in OPTIONAL:
            return self.keys.get(key, "")
        raise AttributeError(key)

    @property
    def name(self):
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def c(self):
        return self.path.with_suffix(".c")

    @property
    def program(self):
        """Without its head."""
        return "\n".join(line for line in self.text.splitlines() if not line.startswith("#")) + "\n"

    def offences(self):
        """What is wrong with the head."""
        bad = [f"{key}: is missing" for key in KEYS if not self.keys.get(key)]
        bad += [f"{key}: unknown key" for key in self.keys if key not in KEYS + OPTIONAL]
        bad += [] if self.signatures else [f"{MARK}: is missing"]
        bad += [] if self.kind in KINDS else [f"kind: {self.kind}: one of {', '.join(KINDS)}"]
        bad += [] if self.oracle in ORACLES else [f"oracle: {self.oracle}: one of {', '.join(ORACLES)}"]
        bad += [] if self.path.parent.name == folder_of(self.target) else [f"target: {self.target}: in the wrong folder"]
        return [f"{self.path.name}: {text}" for text in bad]


def folder_of(target):
    """The folder of a target: its name without what is no word."""
    return re.sub(r"[^\w]+", "-", target.replace("qemu-", "qemu_", 1).split(",")[0]).replace("qemu_", "qemu-").strip("-")


def all_findings(names=()):
    """All of them in order, or those whose target, folder or file is among NAMES."""
    found = [Finding(path) for path in sorted(FOLDER.glob("*/*.tm"))]
    return [f for f in found if not names or {f.target, f.path.parent.name, f.name, str(f.path)} & set(names)]


def relative(path):
    return str(Path(path).resolve().relative_to(ROOT))


class Twinmap:
    """The command, which may be built anywhere."""

    def __init__(self, path=None):
        self.path = Path(path or os.environ.get("TWINMAP") or ROOT / "build" / "plain" / "diff" / "twinmap").resolve()
        if not self.path.exists():
            raise FindingError(f"{self.path}: not built; build it (scripts/test does) or name one in $TWINMAP")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._targets = None

    def run(self, *args):
        return subprocess.run([self.path, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", cwd=ROOT, check=False)

    def done(self, *args, codes=(0,)):
        done = self.run(*args)
        if done.returncode not in codes:
            raise FindingError(f"twinmap {shlex.join(map(str, args))}: status {done.returncode}: "
                               f"{(done.stderr or done.stdout).strip()}")
        return done.stdout

    def targets(self):
        if self._targets is None:
            rows = json.loads(self.done("targets", "--json"))["targets"]
            self._targets = {row["target"]: row for row in rows}
        return self._targets

    def missing(self, target):
        """Why TARGET is not to be had, or None."""
        row = self.targets().get(target.split(",")[0])
        return None if target.startswith("cmd:") or (row and row["available"]) else f"{target}: not here"

    def fails(self, target, path):
        """Whether the program breaks an expectation there, or ends it."""
        return self.run("run", "--quiet", "--on", target, path).returncode == 1

    def difference(self, oracle, target, path):
        """The first finding of the two, signature and report, or (None, "")."""
        doc = json.loads(self.done("diff", "--json", "--on", oracle, "--on", target, path, codes=(0, 1, SKIPPED)))
        first = (doc["findings"] or [{"signature": None, "report": ""}])[0]
        return first["signature"], first["report"]

    def still_shows(self, f):
        """Whether the target of F still does what the finding says."""
        if f.shows == "maps":
            return self.difference(f.oracle, f.target, f.path)[0] in f.signatures
        patience = ",hang=2000" if f.kind == "hang" and ",hang=" not in f.target else ""
        return self.fails(f.target + patience, f.path)

    def emit_c(self, f):
        """The C file of F as it should be: its text, or None and why there is none."""
        with tempfile.TemporaryDirectory() as work:
            out = Path(work) / "finding.c"
            title = f"{f.title}\n\nkernel: {f.kernel}\nemulator: {f.emulator}\n({f.versions})\n{relative(f.path)}"
            done = self.run("repro", relative(f.path), "--emit", "c", "-o", out, "--on", f.oracle, "--title", title,
                            *(["--maps"] if f.shows == "maps" else []))
            if done.returncode == 0:
                return out.read_text(), None
            if done.returncode == CANNOT and "no C program can say it" in done.stderr:
                return None, done.stderr.strip()
            raise FindingError(f"{f.name}: {done.stderr.strip()}")


# The machine of a target: its emulator and its compiler.

def compilers():
    """QEMU's name of an architecture -> compiler, as the guest agents have them."""
    text = (ROOT / "diff" / "agent" / "meson.build").read_text()
    return {arch: f"{prefix}-gcc" for arch, prefix in re.findall(r"^  '(\w+)': \['([\w-]+)',", text, flags=re.M)}


def arch_of(target):
    """x86_64 of qemu-x86_64, and of a command that does not say."""
    agent = re.search(r",agent=(\w+)", target)
    name = target.split(",")[0]
    return agent[1] if agent else name[5:] if name.startswith("qemu-") else platform.machine()


def command_of(target, program):
    """What runs PROGRAM as the target runs its agent."""
    name, *options = target.split(",") if target.startswith("qemu-") else re.split(r",(?=(?:agent|hang)=)", target)
    if name.startswith("cmd:"):
        words = shlex.split(name[4:])
        return [str(program) if w == "{}" else w for w in words] + ([] if "{}" in words else [str(program)])
    keys = dict(option.split("=", 1) for option in options)
    flags = [part for key in ("p", "R", "B") if key in keys for part in (f"-{key}", keys[key])]
    return [keys.get("bin", name), *flags, str(program)]


def compile_for(arch, source, out, *flags):
    """None, or why there is no program OUT; a compiler that is missing is an error of its own class."""
    compiler = compilers().get(arch)
    if not compiler or not shutil.which(compiler):
        return f"no {compiler or f'compiler for {arch}'}"
    done = subprocess.run([compiler, *FLAGS, *flags, "-o", out, source], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lacks = "stdio.h" in done.stderr or "cannot find -lc" in done.stderr
        return f"no C library for {compiler}" if lacks else f"{compiler}: {done.stderr.strip()}"
    return None


def run_program(command, seconds=SECONDS):
    """Status, and what it said; a signal is its negative number. An emulator that hangs may not deliver SIGALRM either."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          errors="replace", start_new_session=True) as done:
        try:
            _, said = done.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)
            return -signal.SIGALRM, "it does not end"
    return done.returncode, said.strip()


# What a new finding says of itself.

def with_head(text, lines):
    """A program's text with its comments gone and these lines behind "twinmap 1"."""
    out = []
    for line in text.splitlines():
        if line.startswith("#") or (line.startswith("config ") and any(x.startswith("config ") for x in lines)) or \
           (line.startswith("requires ") and line in lines):
            continue
        out.append(line)
        if line == "twinmap 1":
            out += lines
    return "\n".join(out if "twinmap 1" in out else ["twinmap 1", *lines, *out]) + "\n"


def ops_of(text):
    return [line for line in text.splitlines() if re.match(r"(r\d+ = )?\w+\(", line)]


def up_to(text, n):
    """The program's first N ops."""
    head = [line for line in text.splitlines() if not re.match(r"(r\d+ = )?\w+\(|#", line)]
    return "\n".join([*head, *ops_of(text)[:n]]) + "\n"


def rule_hits(twinmap, text):
    if not ops_of(text):
        return {}
    with tempfile.NamedTemporaryFile("w", suffix=".tm") as f:
        f.write(text)
        f.flush()
        listed = twinmap.done("spec", "--all", f.name, codes=(0, 1))
    return {name: int(n) for n, name in re.findall(r"^ *(\d+)  ([A-Z]\w+) ", listed, flags=re.M)}


def rules_of(twinmap, text, op):
    """The specification's rules that op number OP (from 0) exercises."""
    before = rule_hits(twinmap, up_to(text, op)) if op else dict.fromkeys(rule_hits(twinmap, IDLE), 1)
    after = rule_hits(twinmap, up_to(text, op + 1))
    names = [name for name, n in after.items() if n > before.get(name, 0)]
    touches = re.match(r"(load|store)\(", ops_of(text)[op])
    calls = [name for name in names if name.startswith("LINUX_") and not name.startswith("LINUX_ACCESS_")]
    return names if touches or not calls else calls  # a call's own rules; that memory is looked at says nothing


def pool():
    return ThreadPoolExecutor(os.cpu_count() or 1)
