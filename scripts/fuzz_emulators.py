# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold real emulators against the kernel, or its specification, for a while; make what is new small, keep it, sum up.

Run through scripts/fuzz --target. Exit status: 0 nothing new; 1 new findings; 2 usage; 3 the harness itself failed; 77 no
target can be had here.
"""

import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import builds
import processes
from emulator_findings import AGAIN, MARK, Finding, Pair, first_of_each, known_folders, shown_path, signatures_below, slug

ROUND_SECONDS = 20
ROUND_PROGRAMS = 1 << 20  # seeds of a round, more than it will use
ROUND_GRACE = 120         # for the last programs of a round
FAILURES_MAX = 2          # rounds in a row
SEEDS = ("seed", "vectors", "regress")
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def duration(text):
    """Seconds of "90", "90s", "30m", "1h"."""
    match = re.fullmatch(r"([1-9]\d*)([smh]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text}: expected seconds, or a number with s, m or h behind it")
    return int(match[1]) * UNITS[match[2]]


def parse_args():
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--target", action="append", required=True, metavar="TARGET",
                        help="qemu-ARCH or cmd:COMMAND with their options; may be repeated")
    parser.add_argument("--time", type=duration, default=60, metavar="TIME",
                        help="for each target, as 90, 30m or 1h; making findings small comes on top (60)")
    parser.add_argument("--seed", type=int, metavar="S", help="of the first round's first program (another each time)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes at once (all cores)")
    parser.add_argument("--keep", type=Path, default=builds.ROOT / "build" / "fuzz-findings", metavar="DIR",
                        help="where new findings are kept, by target; what is there is known (build/fuzz-findings)")
    args = parser.parse_args()
    if args.jobs < 1 or (args.seed is not None and args.seed < 0):
        parser.error("--jobs takes numbers from 1, --seed from 0")
    return args


class Campaign:
    """One target's rounds: what they counted and what they found."""

    def __init__(self, pair, args, work):
        self.pair, self.args, self.work = pair, args, work
        self.kept = args.keep.resolve() / slug(pair.name, ",=")
        self.flaky_kept = args.keep.resolve() / "flaky" / slug(pair.name, ",=")
        self.folders = known_folders(pair, self.kept)
        self.known = set().union(*map(signatures_below, self.folders))
        self.seen = set()  # of this campaign
        self.counts = collections.Counter()
        self.reasons = collections.Counter()
        self.masked = collections.Counter()
        self.seconds = 0.0
        self.findings, self.flaky = [], []
        self.rounds = []
        self.merged = 0  # findings that became one of the others when they were made small
        self.error = None

    def known_options(self):
        """What is known from before, and what earlier rounds have found."""
        options = [f"--known={folder}" for folder in self.folders]
        if self.seen:
            path = self.work / "seen.tm"
            path.write_text("".join(f"{MARK}{signature}\n" for signature in sorted(self.seen)) + "load(@0, 1)\n")
            options.append(f"--known={path}")
        return options

    def round(self, seconds, seed):
        """One round; True if it ran."""
        command = [*self.pair.command("diff"), f"--random={ROUND_PROGRAMS}", f"--seed={seed}", f"--time={seconds}", "--steer",
                   f"--jobs={self.args.jobs}", *self.known_options(),
                   *(f"--mutate={builds.ROOT / 'corpus' / name}" for name in SEEDS), "--json"]
        builds.say(f"{self.pair.name}: round {len(self.rounds) + 1}, {seconds} s, --seed {seed}, against {self.pair.oracle}")
        self.rounds.append(seed)
        done = processes.read(command, seconds + ROUND_GRACE)
        if done.status not in (0, 1):
            said = done.stderr.strip().splitlines() or ["it said nothing"]
            self.error = f"round with --seed {seed}: " + ("it did not end" if done.status is None
                                                          else f"status {done.status}: {said[-1]}")
            return False
        self.error = None
        self.take(json.loads(done.stdout))
        return True

    def take(self, document):
        summary = document["summary"]
        for key in ("programs", "programs_skipped", "steps", "steps_skipped", "restarts", "excused", "known"):
            self.counts[key] += summary[key]
        self.seconds += summary["seconds"]
        self.reasons.update(summary["poisoned"])
        self.masked.update({s: n for s, n in document["known"].items() if s in self.known})
        fresh = first_of_each(document["findings"], self.known | self.seen)
        self.seen.update(finding["signature"] for finding in fresh)
        if fresh:
            builds.say(f"{self.pair.name}: {len(fresh)} new; making them small ...")
            self.settle(fresh)

    def settle(self, fresh):
        base = Path(tempfile.mkdtemp(dir=self.work))
        found = [Finding(self.pair, finding, base / str(i)) for i, finding in enumerate(fresh)]
        with ThreadPoolExecutor(self.args.jobs) as pool:
            try:
                for finding in pool.map(Finding.settle, found):
                    self.keep(finding)
            except BaseException:
                processes.end_all()
                raise

    def keep(self, finding):
        """Unless what is left of it is known by another program."""
        if finding.signature in self.known:
            self.masked[finding.signature] += 1
            return
        if finding.signature in {f.signature for f in self.findings}:
            self.merged += 1
            return
        self.seen.add(finding.signature)
        finding.keep(self.flaky_kept if finding.flaky else self.kept)
        (self.flaky if finding.flaky else self.findings).append(finding)

    def run(self):
        left = self.args.time
        seed = self.args.seed
        failures = 0
        while left > 0 and failures < FAILURES_MAX:
            seconds = left if left < 1.5 * ROUND_SECONDS else ROUND_SECONDS
            seed = random.SystemRandom().randrange(1 << 40) if seed is None else seed
            failures = 0 if self.round(seconds, seed) else failures + 1
            seed = seed + ROUND_PROGRAMS if self.args.seed is not None else None
            left -= seconds


def describe(finding):
    ops = f"{finding.ops[0]} ops -> {finding.ops[1]}" if finding.ops else "as found"
    shown = f", shown {finding.hits} of {AGAIN} times" if finding.flaky else ""
    return (f"  {finding.signature}\n    {ops}{finding.note}{shown}: {shown_path(finding.folder / 'program.tm')}\n"
            f"    next: {finding.again()}\n")


def summary_of(campaign):
    """What a campaign comes to, for people."""
    c, counts = campaign, campaign.counts
    rate = counts["programs"] / c.seconds if c.seconds else 0
    text = (f"{c.pair.name} against {c.pair.oracle}: {counts['programs']} programs in {c.seconds:.0f} s, {rate:.0f} programs/s,"
            f" {counts['steps']} steps, {counts['excused']} excused, {counts['restarts']} restarts\n")
    text += f"  seeds of its rounds: {' '.join(map(str, c.rounds))}\n"
    skipped = [f"{counts['steps_skipped']} steps and {counts['programs_skipped']} programs that are not for it",
               *(f"{n} {why}" for why, n in c.reasons.most_common())]
    text += f"  skipped: {'; '.join(skipped)}\n"
    text += "".join(f"  known: {n} times {signature}\n" for signature, n in c.masked.most_common())
    for title, found in (("new findings", c.findings), ("flaky, kept apart", c.flaky)):
        text += f"  {title}: {len(found)}\n" if found or title[0] == "n" else ""
        text += "".join(map(describe, found))
    if c.merged:
        text += f"  {c.merged} more became one of these when they were made small\n"
    return text


# ---- what is here ----

def rows_of(twinmap, names):
    done = processes.read([twinmap, "targets", "--json", *names], 60)
    if done.status == 2:
        raise SystemExit(usage(done.stderr.strip()))
    if done.status != 0:
        raise builds.BuildError(f"twinmap targets ended with {done.status}: {done.stderr.strip()}")
    return json.loads(done.stdout)["targets"]


def usage(text):
    print(text, file=sys.stderr)
    return 2


def oracle_of(row, kernel):
    """The native kernel where its guests could be its own programs, else the specification."""
    own = all(row.get(key) == kernel.get(key) for key in ("bits", "page"))
    changed = row["target"].startswith("qemu-") and re.search(r",[pR]=", row["target"])
    return "kernel" if kernel["available"] and own and not changed else "model-linux"


def build():
    """twinmap and all agents; $TWINMAP names one that is there already."""
    if os.environ.get("TWINMAP"):
        return Path(os.environ["TWINMAP"]).resolve()
    builds.say("building plain ...")
    return builds.build("plain", "diff/twinmap", "agents") / "diff" / "twinmap"


def fetch_emulators():
    """Install them, if that can be done here, and build what they need."""
    done = subprocess.run([builds.ROOT / "scripts" / "setup", "--emulators"], stdin=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        builds.build("plain", "diff/twinmap", "agents", fresh=True)


def pairs_of(args):
    """The targets that can be had here; the others are named."""
    twinmap = build()
    rows = rows_of(twinmap, args.target)
    if any(r["target"].startswith("qemu-") and not r["available"] for r in rows) and not os.environ.get("TWINMAP"):
        fetch_emulators()
        rows = rows_of(twinmap, args.target)
    kernel = rows_of(twinmap, ["kernel"])[0]
    for row in (r for r in rows if not r["available"]):
        print(f"skipped: {row['target']}: {row['note']}", flush=True)
    return [Pair(twinmap, row, oracle_of(row, kernel)) for row in rows if row["available"]]


def conclude(campaigns, interrupted):
    for campaign in (c for c in campaigns if c.rounds):
        print(summary_of(campaign), end="", flush=True)
    for campaign in (c for c in campaigns if c.error):
        print(f"harness error: {campaign.pair.name}: {campaign.error}", file=sys.stderr)
    if any(c.findings or c.flaky for c in campaigns):
        return 1
    return 130 if interrupted else 3 if any(c.error for c in campaigns) else 0


def hunt(args):
    pairs = pairs_of(args)
    if not pairs:
        print("none of the targets can be had here", file=sys.stderr)
        return 77
    campaigns = []
    with tempfile.TemporaryDirectory(prefix="twinmap-fuzz-") as work:
        try:
            for i, pair in enumerate(pairs):
                base = Path(work) / str(i)
                base.mkdir()
                campaigns.append(Campaign(pair, args, base))
                campaigns[-1].run()
            return conclude(campaigns, False)
        except (KeyboardInterrupt, processes.Stopped):
            processes.end_all()
            return conclude(campaigns, True)
        except (OSError, ValueError) as problem:  # what was found until then is said all the same
            campaigns[-1].error = str(problem)
            return conclude(campaigns, False)


def main():
    args = parse_args()
    processes.adopt_strays()
    try:
        return hunt(args)
    except (builds.BuildError, OSError, ValueError) as problem:
        print(f"harness error: {problem}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    finally:
        processes.end_all()
        processes.bury_strays()


if __name__ == "__main__":
    sys.exit(main())
