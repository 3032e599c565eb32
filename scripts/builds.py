# SPDX-License-Identifier: GPL-2.0-or-later
"""The build folders that the scripts share: what each is for, and how it is configured."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# name -> (compiler, meson options). Sanitizers go with libFuzzer; AFL++ runs bare, fast, and with guest_base 0 within reach.
BUILDS = {
    "plain": ("gcc", ["-Dwerror=true"]),
    "asan": ("gcc", ["-Dwerror=true", "-Db_sanitize=address,undefined"]),
    "tsan": ("clang", ["-Dwerror=true", "-Db_sanitize=thread", "-Db_lundef=false"]),
    "libfuzzer": ("clang", ["-Dwerror=true", "-Dfuzz_engine=libfuzzer", "-Dtests=disabled",
                            "-Db_sanitize=address,undefined", "-Db_lundef=false"]),
    "afl": ("afl-clang-fast", ["-Dfuzz_engine=afl", "-Dtests=disabled", "-Dbuildtype=release",
                               "-Db_lundef=false"]),
}


class BuildError(Exception):
    """A build failed; the text is for people."""


def folder(name):
    return ROOT / "build" / name


def _call(command, log, env):
    with open(log, "ab") as out:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, check=False)
    if done.returncode != 0:
        tail = "\n".join(Path(log).read_text(errors="replace").splitlines()[-25:])
        raise BuildError(f"{' '.join(map(str, command))} failed; the end of {log}:\n{tail}")


def build(name, *targets, fresh=False):
    """Configure if need be, FRESH: again, then build TARGETS (all by default). Raises BuildError."""
    compiler, options = BUILDS[name]
    where = folder(name)
    where.parent.mkdir(exist_ok=True)
    log = where.parent / f"{name}.log"
    log.unlink(missing_ok=True)
    env = dict(os.environ, CC=compiler, AFL_QUIET="1", AFL_LLVM_ALLOWLIST=str(ROOT / "scripts" / "afl-allowlist"))
    if not (where / "build.ninja").exists():
        _call(["meson", "setup", where, ROOT, *options], log, env)
    elif fresh:
        _call(["meson", "setup", "--reconfigure", where, ROOT], log, env)
    _call(["ninja", "-C", where, *targets], log, env)
    return where


def say(text):
    print(text, file=sys.stderr, flush=True)
