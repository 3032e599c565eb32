# SPDX-License-Identifier: GPL-2.0-or-later
"""A finding in an emulator, from the round that met it to the folder that keeps it: made small, judged again, kept."""

import json
import os
import platform
import re
import shlex
from pathlib import Path

import builds
import processes

MARK = "# twinmap-finding: "
AGAIN = 5  # judgements of what is left of a program
JUDGE_SECONDS = 120
MINIMISE_SECONDS = 20  # about; what takes three times as long is ended
BUDGET = (30, 400)
REPRO_SECONDS = 60
NAME_MAX = 150


def slug(text, keep=""):
    """TEXT as the name of a folder."""
    return re.sub(rf"[^A-Za-z0-9._+{keep}-]", "_", text.replace("/", "."))[:NAME_MAX]


def signatures_below(folder):
    """What the programs below FOLDER are known to show."""
    found = set()
    for path in sorted(folder.rglob("*.tm")) if folder.is_dir() else []:
        found.update(re.findall(r"twinmap-finding: *(\S+)", path.read_text(errors="replace")))
    return found


def first_of_each(findings, known):
    """Those of a round, as JSON has them, whose signatures are not in KNOWN, each signature once."""
    fresh = {}
    for finding in findings:
        if finding["signature"] not in known:
            fresh.setdefault(finding["signature"], finding)
    return list(fresh.values())


def budget_of(seconds):
    """Executions that fit the time, if one took SECONDS."""
    least, most = BUDGET
    return max(least, min(most, int(MINIMISE_SECONDS / max(seconds, 0.001))))


def marked(program, signature):
    """PROGRAM's text with SIGNATURE as the one that it shows."""
    lines = [line for line in program.splitlines() if not line.startswith(MARK)]
    return "\n".join([MARK + signature, *lines]) + "\n"


def shown_path(path):
    """As a command line here names it best."""
    path = Path(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


class Finding:
    """One signature on one target, and what became of it."""

    def __init__(self, pair, found, work):
        self.pair, self.work = pair, work
        self.seed, self.program, self.report = found["seed"], found["program"], found["report"]
        self.found_as = self.signature = found["signature"]
        self.ops = None  # before, after
        self.note = ""
        self.hits = 0  # of AGAIN
        self.folder = None
        self.path = work / "program.tm"

    @property
    def flaky(self):
        return self.hits < AGAIN

    def judge(self):
        """Run the program once. Its signature, or None, and the seconds that it took."""
        done = processes.read([*self.pair.command("diff"), "--json", self.path], JUDGE_SECONDS)
        if done.status != 1:
            return None, done.seconds
        found = json.loads(done.stdout)["findings"][0]
        self.report = found["report"]
        return found["signature"], done.seconds

    def minimise(self):
        _, seconds = self.judge()
        small = self.work / "small.tm"
        done = processes.read([*self.pair.command("minimize"), f"--budget={budget_of(seconds)}", self.path, "-o", small],
                              3 * MINIMISE_SECONDS)
        ops = re.search(r"(\d+) ops to (\d+), ", done.stderr)
        if done.status == 0 and ops:
            self.ops = (int(ops[1]), int(ops[2]))
            self.note = "; --budget used up" if "used up" in done.stderr else ""
            small.replace(self.path)
        else:
            self.note = "; not made smaller: " + ("it took too long" if done.status is None
                                                else (done.stderr.strip().splitlines() or ["?"])[-1])

    def settle(self):
        """Make it small, judge it again: from here on signature and hits are right."""
        self.work.mkdir(parents=True)
        self.path.write_text(marked(self.program, self.found_as))
        self.minimise()
        seen = [self.judge()[0] for _ in range(AGAIN)]
        shown = [s for s in seen if s]
        if shown:
            self.signature = max(shown, key=shown.count)
        self.hits = seen.count(self.signature)
        self.path.write_text(marked(self.path.read_text(), self.signature))
        return self

    def again(self):
        """The command that shows it again."""
        program = self.folder / "program.tm"
        return shlex.join([*map(str, self.pair.command("diff", short=True)), shown_path(program)])

    def keep(self, below):
        """Leave it in a folder of its own."""
        self.folder = below / slug(self.signature)
        self.folder.mkdir(parents=True, exist_ok=True)
        program = self.folder / "program.tm"
        program.write_text(self.path.read_text())
        ops = f"{self.ops[0]} ops -> {self.ops[1]}" if self.ops else "as found"
        (self.folder / "report.txt").write_text(
            f"{self.report}\nfound with seed {self.seed}; {ops}{self.note}; shown {self.hits} of {AGAIN} times\n{self.again()}\n")
        (self.folder / "environment.txt").write_text(self.pair.environment() + f"command: {self.again()}\n")
        self.emit_c(program)

    def emit_c(self, program):
        out = self.folder / "repro.c"
        on = [f"--finding={name}" for name in (self.pair.oracle, self.pair.target)]
        for more in (on, []):
            done = processes.read([self.pair.twinmap, "repro", program, "--emit=c", "-o", out, *more], REPRO_SECONDS)
            if done.status == 0:
                return
        out.unlink(missing_ok=True)


class Pair:
    """A target, and what it is held against."""

    def __init__(self, twinmap, row, oracle):
        self.twinmap, self.name, self.oracle = Path(twinmap), row["target"], oracle
        self.emulator = row["note"]
        # what is silent over a program for so long hangs: the usual patience costs a campaign its time
        self.target = self.name if re.search(r",hang=\d+", self.name) else f"{self.name},hang=1000"

    def command(self, verb, short=False):
        twinmap = shown_path(self.twinmap) if short else self.twinmap
        return [twinmap, verb, f"--on={self.oracle}", f"--on={self.target}"]

    def environment(self):
        version = processes.read([self.twinmap, "--version"], JUDGE_SECONDS).stdout.strip()
        return (f"target: {self.target}\nagainst: {self.oracle}\nemulator: {self.emulator}\ntwinmap: {version}\n"
                f"kernel: {' '.join(platform.uname()[i] for i in (0, 2, 4))}, pages of {os.sysconf('SC_PAGESIZE')}\n")


def known_folders(pair, kept):
    """Folders of programs whose findings are known: the corpus's, and those of earlier campaigns."""
    family = slug(pair.name.split(",")[0], ":")
    return [folder for folder in (builds.ROOT / "corpus" / "findings" / family, kept) if any(folder.rglob("*.tm"))]
