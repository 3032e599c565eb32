# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the test suites in each build and add their checks up; each TAP line, and each test without TAP, is one.

Run through scripts/test. Exit status: 0 everything passed; 1 something failed; 3 the harness itself failed.
"""

import argparse
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import builds

# build -> arguments of meson test, what to build for it (nothing: all)
SUITES = {
    "plain": ([], []),
    "asan": (["--no-suite", "lint", "--no-suite", "browser"], []),
    "tsan": (["--no-rebuild", "--suite", "threads"], ["tests/unit/test_layer_lock"]),
}
SMALL_TARGETS = ("text", "codec", "pageflags", "hostmap")
SMALL_RUNS = 5000
TIME_FACTOR = {"plain": 1, "asan": 3, "tsan": 5}


class Sum:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed, failed, skipped):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count_junit(path, total):
    """Add one suite file up; names what failed."""
    for suite in xml.parse(path).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            failed = case.find("failure") is not None or case.find("error") is not None
            skipped = case.find("skipped") is not None
            total.add(not failed and not skipped, failed, skipped)
            if failed:
                print(f"FAILED {suite.get('name')}: {case.get('name')}")


def run_suite(name, total):
    builds.say(f"building {name} ...")
    arguments, targets = SUITES[name]
    where = builds.build(name, *targets)
    builds.say(f"testing {name} ...")
    junit = where / "meson-logs" / "testlog.junit.xml"
    junit.unlink(missing_ok=True)
    log = where.parent / f"{name}-test.log"
    with open(log, "wb") as out:
        done = subprocess.run(["meson", "test", "-C", where, "--print-errorlogs", "--timeout-multiplier",
                               str(TIME_FACTOR[name]), *arguments], stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.STDOUT, check=False)
    if not junit.exists():
        raise builds.BuildError(f"meson test wrote no results; see {log}:\n{log.read_text(errors='replace')[-4000:]}")
    before = total.failed
    part = Sum()
    count_junit(junit, part)
    total.add(part.passed, part.failed, part.skipped)
    if done.returncode != 0 and total.failed == before:
        total.add(0, 1, 0)
        print(f"FAILED {name}: meson test ended with {done.returncode}; see {log}")
    if total.failed > before:
        sys.stdout.write(log.read_text(errors="replace")[-20000:])
    print(f"{name}: {part}", flush=True)


def check(total, title, good, detail):
    total.add(good, not good, 0)
    if not good:
        print(f"FAILED engines: {title}\n{detail}")


def call(command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          check=False, **more)


def run_engines(seconds, total):
    """Both engines run, find nothing in the clean layer, and see the canary; the smaller targets hold for a moment."""
    part = Sum()
    done = call([builds.ROOT / "scripts" / "fuzz", "--time", str(seconds)])
    print(done.stdout.rstrip())
    check(part, f"scripts/fuzz --time {seconds} ended with {done.returncode}", done.returncode == 0, done.stderr[-8000:])
    small = [f"fuzz/fuzz_{name}" for name in SMALL_TARGETS]
    for engine, targets in (("libfuzzer", ["fuzz/fuzz_canary", *small]), ("afl", ["fuzz/fuzz_canary"])):
        builds.build(engine, *targets)
        with tempfile.TemporaryDirectory(prefix="twinmap-engine-") as work:
            canary = call([builds.folder(engine) / "fuzz" / "fuzz_canary"], cwd=work)
            check(part, f"the canary of {engine} does not crash", canary.returncode != 0, canary.stderr[-2000:])
            for target in targets[1:]:
                held = call([builds.folder(engine) / target, f"-runs={SMALL_RUNS}", "-seed=1"], cwd=work)
                check(part, f"{target} of {engine}", held.returncode == 0, held.stderr[-4000:])
    total.add(part.passed, part.failed, part.skipped)
    print(f"engines: {part}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the plain build alone, no engines")
    parser.add_argument("--fuzz-time", type=int, default=20, metavar="SECONDS", help="time for the engines (20)")
    args = parser.parse_args()
    total = Sum()
    try:
        for name in ("plain",) if args.quick else SUITES:
            run_suite(name, total)
        if not args.quick:
            run_engines(args.fuzz_time, total)
    except builds.BuildError as problem:
        print(f"harness error: {problem}", file=sys.stderr)
        return 3
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
