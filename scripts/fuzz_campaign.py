# SPDX-License-Identifier: GPL-2.0-or-later
"""Replay the corpus, then fuzz flavours and specification with both engines for a while, then sum up.

Run through scripts/fuzz, which sets the machine up first. Exit status: 0 no finding; 1 findings; 2 usage; 3 the
harness itself failed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import builds
import processes


class Target(NamedTuple):
    """What is fuzzed: fuzz/fuzz_NAME, programs as SPEC has them, judged ON these by twinmap triage."""

    name: str
    flavour: str
    host: str
    spec: str
    on: tuple
    share: int  # of a campaign's time, if all take part


def _layer(flavour, host, share):
    spec = flavour if host == "real" else f"{flavour},host={host}"
    return Target(flavour if host == "real" else f"{flavour}_sim", flavour, host, spec, (spec,), share)


# Most of the time goes to simulated hosts: they are faster, have every page-size relation for real, and the same checks.
TARGETS = (
    _layer("linux", "sim-linux", 30),
    _layer("bsd", "sim-freebsd", 30),
    _layer("linux", "real", 13),
    _layer("bsd", "real", 12),
    Target("vm", "model-linux", "kernel", "kernel", ("model-linux", "kernel"), 15),
)
FLAVOURS = ("linux", "bsd")
ENGINES = ("libfuzzer", "afl")
SEED_FOLDERS = ("seed", "regress", "vectors", "divergences")
INPUT_MAX = 16384
HANG_SECONDS = 20
AFL_START_SECONDS = 2  # for the seeds, before its clock starts
LANE_SECONDS = 3  # no lane is shorter: engines take a second to read what they begin with


def parse_args():
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__.splitlines()[0],
                                     epilog="scripts/fuzz --target qemu-x86_64 ... holds real emulators against the kernel:"
                                            " see scripts/fuzz --target x --help")
    parser.add_argument("--time", type=int, default=60, metavar="SECONDS", help="fuzzing time in all (60)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N",
                        help="processes at once (all cores)")
    parser.add_argument("--engine", choices=("both", *ENGINES), default="both", help="which engine (both)")
    parser.add_argument("--flavour", choices=("both", *FLAVOURS), default="both", help="which flavour (both)")
    parser.add_argument("--host", choices=("both", "sim", "real"), default="both",
                        help="where flavours run: simulated hosts, or the real one, on which the specification is"
                             " held against the kernel too (both)")
    parser.add_argument("--keep", type=Path, metavar="DIR",
                        help="keep what was learnt and found in DIR, and begin with what is there")
    args = parser.parse_args()
    if args.time < 1 or args.jobs < 1:
        parser.error("--time and --jobs take numbers from 1")
    return args


class Lane:
    """One engine on one target for some seconds: what it ran and what it found."""

    def __init__(self, engine, target, number, seconds, work):
        self.engine, self.target, self.seconds = engine, target, seconds
        self.name = f"{engine}-{target.name}" + (f"-{number}" if number else "")
        self.number = number
        self.work = work / self.name
        self.log = work / f"{self.name}.log"
        self.stats = work / f"{self.name}.stats"
        self.programs = 0
        self.coverage = "-"
        self.corpus = 0
        self.busy = 0.0
        self.crashes = []
        self.first_crash = None
        self.error = None

    def run(self, seeds):
        self.work.mkdir(parents=True, exist_ok=True)
        self.stats.unlink(missing_ok=True)
        began = time.monotonic()
        seeds = seeds / ("kernel" if self.target.host == "kernel" else "layer")
        try:
            (self.run_libfuzzer if self.engine == "libfuzzer" else self.run_afl)(seeds, began)
        except OSError as problem:
            self.error = str(problem)
        self.busy = time.monotonic() - began

    def share_of(self, key, whole):
        """Percentage of WHOLE that the target's processes counted as KEY; "-" if they left no figures."""
        text = self.stats.read_text() if self.stats.exists() else ""
        count = {name: sum(map(int, re.findall(rf" {name}=(\d+)", text))) for name in (key, whole)}
        return f"{100 * count[key] / count[whole]:.2f} %" if count[whole] else "-"

    def note_crash(self, began):
        if self.first_crash is None:
            self.first_crash = time.monotonic() - began

    # libFuzzer ends at its first crash; what is left of the time goes to a new process with another seed.
    def run_libfuzzer(self, seeds, began):
        corpus = self.work / "corpus"
        found = self.work / "found"
        corpus.mkdir(exist_ok=True)
        found.mkdir(exist_ok=True)
        exe = builds.folder("libfuzzer") / "fuzz" / f"fuzz_{self.target.name}"
        old = set(found.iterdir())  # of an earlier campaign, with --keep
        turn = 0
        while True:
            left = int(self.seconds - (time.monotonic() - began))
            if left < 1 and turn > 0:
                break
            turn += 1
            command = [exe, f"-max_total_time={max(left, 1)}", f"-artifact_prefix={found}/", "-print_final_stats=1",
                       f"-max_len={INPUT_MAX}", "-len_control=0", "-entropic=0", f"-timeout={HANG_SECONDS}", "-rss_limit_mb=4096",
                       f"-seed={turn + 100 * self.number}", corpus, seeds]
            before = len(self.crashes)
            text = self.call(command, dict(os.environ, TWINMAP_FUZZ_STATS=str(self.stats)), left + 2 * HANG_SECONDS)
            executed = re.findall(r"stat::number_of_executed_units:\s*(\d+)", text)
            self.programs += int(executed[-1]) if executed else 0
            seen = re.findall(r"cov: (\d+) ft: (\d+)", text)
            self.coverage = seen[-1][0] if seen else self.coverage
            self.crashes = sorted(p for p in set(found.iterdir()) - old if not p.name.startswith("slow-unit"))
            if len(self.crashes) > before:
                self.note_crash(began)
            elif not executed:
                self.error = f"libFuzzer ended without its figures; see {self.log}"
                break
        self.corpus = len(list(corpus.iterdir()))

    def run_afl(self, seeds, began):
        exe = builds.folder("afl") / "fuzz" / f"fuzz_{self.target.name}"
        start = self.work / "start"
        start.mkdir(exist_ok=True)
        for number, path in enumerate(sorted(seeds.iterdir())):
            shutil.copyfile(path, start / f"{number:05d}-{path.name}")
        env = dict(os.environ, AFL_NO_UI="1", AFL_SKIP_CPUFREQ="1", AFL_NO_AFFINITY="1", AFL_QUIET="1",
                   AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES="1", AFL_NO_WARN_INSTABILITY="1",
                   AFL_AUTORESUME="1", AFL_FAST_CAL="1", AFL_CUSTOM_MUTATOR_ONLY="1",
                   AFL_CUSTOM_MUTATOR_LIBRARY=str(builds.folder("plain") / "fuzz" / "afl_mutator.so"),
                   TWINMAP_FUZZ_TARGET=self.target.spec, TWINMAP_FUZZ_STATS=str(self.stats))
        seconds = max(1, self.seconds - AFL_START_SECONDS)
        command = ["afl-fuzz", "-i", start, "-o", self.work / "out", "-V", str(seconds), "-m", "none",
                   "-t", str(HANG_SECONDS * 1000), "-G", str(INPUT_MAX), "-s", str(1 + self.number), "--", exe]
        watcher = threading.Thread(target=self.watch_afl, args=(began,), daemon=True)
        watcher.start()
        self.call(command, env, self.seconds + 3 * HANG_SECONDS)
        stats = self.work / "out" / "default" / "fuzzer_stats"
        if not stats.exists():
            self.error = f"afl-fuzz ended without its figures; see {self.log}"
            return
        values = dict(re.findall(r"^(\w+)\s*: (.*)$", stats.read_text(), re.M))
        self.programs = int(values.get("execs_done", 0))
        self.coverage = values.get("edges_found", "-")
        self.corpus = int(values.get("corpus_count", 0))
        self.crashes = self.afl_crashes()

    def afl_crashes(self):
        out = self.work / "out" / "default"
        return sorted(p for kind in ("crashes", "hangs") for p in (out / kind).glob("id:*"))

    def watch_afl(self, began):
        while time.monotonic() - began < self.seconds + HANG_SECONDS and self.first_crash is None:
            if self.afl_crashes():
                self.note_crash(began)
            time.sleep(0.2)

    def call(self, command, env, limit):
        """Run an engine in its own process group; everything of it is gone afterwards. Returns its output."""
        with open(self.log, "wb") as out:
            done = processes.run(command, limit, stdout=out, stderr=out, env=env, cwd=self.work)
            if done.status is None:
                self.error = f"{self.engine} did not end in time; see {self.log}"
        return self.log.read_text(errors="replace")


def choose(args, twinmap):
    """The targets that take part."""
    hosts = {"both": ("sim-linux", "sim-freebsd", "real", "kernel"), "sim": ("sim-linux", "sim-freebsd"),
             "real": ("real", "kernel")}[args.host]
    flavours = {"both": (*FLAVOURS, "model-linux"), "linux": ("linux", "model-linux"), "bsd": ("bsd",)}[args.flavour]
    chosen = [t for t in TARGETS if t.host in hosts and t.flavour in flavours]
    done = subprocess.run([twinmap, "targets", "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    absent = {t["target"]: t["note"] for t in json.loads(done.stdout)["targets"] if not t["available"]}
    for target in [t for t in chosen if t.host in absent]:
        builds.say(f"left out: {target.name}: {absent[target.host]}")
        chosen.remove(target)
    return chosen


def plan(args, targets, work):
    """Rows of lanes: rows run side by side, the lanes of a row one after the other. Each engine and target gets its
    share of the whole; what begins in one row goes on in the next."""
    kinds = [(engine, target) for engine in ENGINES if args.engine in ("both", engine) for target in targets]
    whole = sum(target.share for _, target in kinds)
    rows = [[] for _ in range(args.jobs)]
    row, left = 0, float(args.time)
    for engine, target in kinds:
        due, number = args.time * args.jobs * target.share / whole, 0
        while number == 0 or (due > 0.5 and row < args.jobs):
            piece = min(due, left)
            seconds = max(round(piece), LANE_SECONDS)
            rows[min(row, args.jobs - 1)].append(Lane(engine, target, number, seconds, work))
            due, left, number = due - piece, left - piece, number + 1
            if left < 0.5:
                row, left = row + 1, float(args.time)
    return [row for row in rows if row]


def replay_corpus(twinmap):
    """All of corpus/ on its default targets. Returns the findings as (signature, target, path), a line per folder printed."""
    done = subprocess.run([twinmap, "corpus", "--json", "corpus"], cwd=builds.ROOT, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise builds.BuildError(f"twinmap corpus failed with {done.returncode}: {done.stderr.strip()}")
    folders, failed = {}, []
    for run in json.loads(done.stdout)["runs"]:
        counts = folders.setdefault(os.path.dirname(run["path"]), {"pass": 0, "finding": 0, "skip": 0})
        counts[run["verdict"]] += 1
        if run["verdict"] == "finding":
            failed.append((run["signature"], run["target"], run["path"]))
    for folder, counts in folders.items():
        print(f"{folder}: {counts['pass']} passed, {counts['finding']} failed, {counts['skip']} skipped")
    return failed


def gather_seeds(folder, failed):
    """The programs to begin with, in a folder for layers and one for the kernel, which has one page size and takes no
    configuration: an engine that dies of a seed would get no further."""
    known = {path for _, _, path in failed}
    for kind in ("layer", "kernel"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for name in SEED_FOLDERS:
        for path in sorted((builds.ROOT / "corpus" / name).rglob("*.tm")):
            relative = str(path.relative_to(builds.ROOT))
            if relative in known or path.stat().st_size > INPUT_MAX:
                continue
            name = relative.replace("/", "-")
            shutil.copyfile(path, folder / "layer" / name)
            lines = path.read_text().splitlines(keepends=True)
            (folder / "kernel" / name).write_text("".join(l for l in lines if not l.startswith(("config", "requires"))))


def hand_over(lanes, folder):
    """Links to the crash files of LANES in FOLDER, one below it per lane: what this campaign has found, nothing older."""
    shutil.rmtree(folder, ignore_errors=True)
    for lane in lanes:
        (folder / lane.name).mkdir(parents=True)
        for path in lane.crashes:
            (folder / lane.name / path.name).symlink_to(path)
    return folder


def triage(lanes, twinmap, base):
    """Crash files grouped and one of each group minimised, by twinmap triage, which keeps them in BASE/findings/TARGET.
    Returns its findings, and as (lane, path, what became of it) the files that crashed an engine and do not show again."""
    findings, unconfirmed = [], []
    for target in {lane.target: None for lane in lanes if lane.crashes}:
        own = {lane.name: lane for lane in lanes if lane.target == target}
        crashes = hand_over(own.values(), base / "crashes" / target.name)
        kept = base / "findings" / target.name
        kept.parent.mkdir(exist_ok=True)
        done = subprocess.run([twinmap, "triage", "--json", *(f"--on={name}" for name in target.on),
                               "-o", os.path.relpath(kept), crashes], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        if done.returncode not in (0, 1, 3, 77):
            raise builds.BuildError(f"twinmap triage failed with {done.returncode}: {done.stderr.strip()}")
        document = json.loads(done.stdout)
        findings += document["findings"]
        for file in (f for f in document["files"] if f["state"] != "finding"):
            lane = own[Path(file["path"]).parent.name]
            unconfirmed.append((lane, os.path.realpath(file["path"]), file["state"]))
    return findings, unconfirmed


def print_summary(lanes, findings, unconfirmed, twinmap):
    print(f"\n{'engine':<10}{'target':<12}{'host':<12}{'seconds':>7}{'programs':>10}{'programs/s':>12}{'edges':>7}"
          f"{'corpus':>8}{'skipped':>9}{'excused':>9}{'poisoned':>10}{'crashes':>9}{'first after':>13}")
    for lane in lanes:
        rate = lane.programs / lane.busy if lane.busy else 0
        first = "-" if lane.first_crash is None else f"{lane.first_crash:.1f} s"
        print(f"{lane.engine:<10}{lane.target.flavour:<12}{lane.target.host:<12}{lane.busy:>7.0f}{lane.programs:>10}"
              f"{rate:>12.0f}{lane.coverage:>7}{lane.corpus:>8}{lane.share_of('skipped', 'programs'):>9}"
              f"{lane.share_of('excused', 'steps'):>9}{lane.share_of('poisoned', 'steps'):>10}"
              f"{len(lane.crashes):>9}{first:>13}")
    total = sum(lane.programs for lane in lanes)
    print("skipped: programs; excused, poisoned: steps in which a limit of layers excused something, or something could"
          " not be compared")
    print(f"{total} programs, {len(findings)} finding{'' if len(findings) == 1 else 's'}")
    for finding in findings:
        print(f"\nfinding: {finding['signature']}\n  {finding['files']} inputs, {finding['ops_before']} ops"
              f" -> {finding['ops_after']}: {finding['folder']} ({finding['change']})")
        print(f"  next: {finding['command'].replace('twinmap', os.path.relpath(twinmap), 1)}")
    for lane, path, state in unconfirmed:
        print(f"\nnot confirmed: {path} crashed {lane.name} and does not show again alone ({state}); its log: {lane.log}")


def build_all(args):
    """Build what a campaign takes. Returns the command."""
    needed = ENGINES if args.engine == "both" else (args.engine,)
    for name, targets in (("plain", ["diff/twinmap", "fuzz/afl_mutator.so"]),
                          *((engine, [f"fuzz/fuzz_{target.name}" for target in TARGETS]) for engine in needed)):
        builds.say(f"building {name} ...")
        builds.build(name, *targets)
    return builds.folder("plain") / "diff" / "twinmap"


def fuzz(args, targets, seeds, base):
    """Run all lanes; returns them."""
    rows_of_lanes = plan(args, targets, base)
    lanes = [lane for row in rows_of_lanes for lane in row]
    builds.say(f"fuzzing: {', '.join(f'{lane.name} {lane.seconds} s' for lane in lanes)}")
    threads = [threading.Thread(target=lambda row=row: [lane.run(seeds) for lane in row]) for row in rows_of_lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return lanes


def campaign(args):
    twinmap = build_all(args)
    targets = choose(args, twinmap)
    if not targets:
        raise builds.BuildError("nothing of what was asked for can be fuzzed here")
    builds.say("replaying the corpus ...")
    failed = replay_corpus(twinmap)
    base = args.keep.resolve() if args.keep else Path(tempfile.mkdtemp(prefix="fuzz-", dir=builds.ROOT / "build"))
    base.mkdir(parents=True, exist_ok=True)
    gather_seeds(base / "seeds", failed)
    lanes = fuzz(args, targets, base / "seeds", base)
    findings, unconfirmed = triage(lanes, twinmap, base)
    print_summary(lanes, findings, unconfirmed, twinmap)
    for lane in lanes:
        if lane.error:
            print(f"harness error: {lane.name}: {lane.error}", file=sys.stderr)
    for signature, target, path in failed:
        print(f"\nin the corpus: {signature}\n  next: {os.path.relpath(twinmap)} run --on {target} {path}")
    if findings or unconfirmed or failed:
        return 1
    if any(lane.error for lane in lanes):
        return 3
    if not args.keep:
        shutil.rmtree(base, ignore_errors=True)
    return 0


def main():
    args = parse_args()
    try:
        return campaign(args)
    except builds.BuildError as problem:
        print(f"harness error: {problem}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
