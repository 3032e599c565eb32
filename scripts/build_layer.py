#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The layer with a patch in it, as a shared object for --on so:PATH.

usage: build_layer.py --build BUILD --flavour linux|bsd [--patch PATCH] -o OUT.so
       build_layer.py --refresh PATCH...      write the patches anew for today's sources
       build_layer.py --check PATCH...        read their headers only

BUILD is a configured and built folder: its compiler, its flags, its archives. Only what the patch touches is compiled
again (all of the layer if that is a header); the rest comes from the archives. No patch: the layer as it is.

A patch is a unified diff for `patch -p1` that touches files under lib/ and begins with a header:

    name: the name of the file without .patch
    flavour: linux, bsd or both
    function: the function of the layer that goes wrong
    relation: h_eq_g, h_lt_g, h_gt_g, those in which it shows, or any
    kind: wrong result, wrong map, wrong bytes or wrong rights
    what: one sentence
"""

import argparse
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAVOURS = ("linux", "bsd")
RELATIONS = {"h_eq_g", "h_lt_g", "h_gt_g", "any"}
KINDS = {"wrong result", "wrong map", "wrong bytes", "wrong rights"}
FIELDS = ("name", "flavour", "function", "relation", "kind", "what")
# Where the layer's code is, beside the flavour's own archive; the others it does not need.
ARCHIVES = ("flavour/libflavour.a", "pageflags/libpageflags.a", "space/libspace.a", "abi/libabi.a",
            "region/libregion.a", "base/libbase.a")


class LayerError(Exception):
    """What went wrong, for people."""


class LayerPatch:
    """A patch with its header taken apart."""

    def __init__(self, path):
        self.path = Path(path)
        text = self.path.read_text()
        head, mark, diff = text.partition("\n--- ")
        self.head, self.diff = head.rstrip("\n") + "\n\n", mark[1:] + diff
        self.fields = dict(re.findall(r"^(\w+): (.+)$", head, re.MULTILINE))
        self.touched = re.findall(r"^\+\+\+ b/(\S+)", self.diff, re.MULTILINE)
        self._check()
        self.flavours = self.fields["flavour"].split()
        self.relations = self.fields["relation"].split()

    def _check(self):
        for field in FIELDS:
            if field not in self.fields:
                raise LayerError(f"{self.path}: the header has no {field}")
        if self.fields["name"] != self.path.stem:
            raise LayerError(f"{self.path}: its name is {self.fields['name']}")
        for field, known in (("flavour", set(FLAVOURS)), ("relation", RELATIONS)):
            if not set(self.fields[field].split()) <= known:
                raise LayerError(f"{self.path}: {field} is {self.fields[field]}, expected {' '.join(sorted(known))}")
        if self.fields["kind"] not in KINDS:
            raise LayerError(f"{self.path}: kind is {self.fields['kind']}, expected one of {', '.join(sorted(KINDS))}")
        if not self.touched or not all(name.startswith("lib/") for name in self.touched):
            raise LayerError(f"{self.path}: no change of a file under lib/")

    def apply(self, tree, *options):
        """To copies of what it touches in TREE. True, or False with what patch said."""
        for name in self.touched:
            where = Path(tree, name)
            where.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, where)
        done = subprocess.run(["patch", "-p1", "-N", "-s", "--no-backup-if-mismatch", "-r", "-", *options],
                              cwd=tree, input=self.diff, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stdout + done.stderr


def run(command, cwd):
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LayerError(f"{shlex.join(map(str, command))}\n{done.stdout}{done.stderr}".rstrip())


class Builder:
    """Makes shared objects out of one build folder."""

    def __init__(self, build, flavour):
        self.build = Path(build).resolve()
        self.archives = [f"lib/flavour/libflavour_{flavour}.a", *(f"lib/{name}" for name in ARCHIVES)]
        self.commands = []
        try:
            entries = json.loads((self.build / "compile_commands.json").read_text())
        except OSError as e:
            raise LayerError(f"{self.build} is no configured build folder: {e.strerror}") from e
        for entry in entries:
            if entry["output"].partition(".p/")[0] in self.archives:
                source = (self.build / entry["file"]).resolve().relative_to(ROOT)
                self.commands.append((str(source), shlex.split(entry["command"])))

    def _compile(self, source, command, tree):
        """SOURCE out of TREE if it was copied there, with TREE's headers first. The object's path."""
        path = tree / source
        out = tree / (source.replace("/", "_") + ".o")
        args = [command[0], f"-I{tree / 'lib'}"]
        skip = 0
        for arg in command[1:]:
            if skip or arg in ("-MQ", "-MF", "-o", "-c"):
                skip = 0 if skip else 1
            elif arg not in ("-MD", "-Werror"):
                args.append(arg)
        run([*args, "-w", "-o", out, "-c", path if path.exists() else ROOT / source], self.build)
        return out

    def objects(self, patch, tree):
        good, said = patch.apply(tree, "--fuzz=0")
        if not good:
            raise LayerError(f"{patch.path}: does not apply any more; scripts/build_layer.py --refresh it\n{said}")
        headers = any(name.endswith(".h") for name in patch.touched)
        wanted = [c for c in self.commands if headers or c[0] in patch.touched]
        missing = {n for n in patch.touched if n.endswith(".c")} - {source for source, _ in wanted}
        if missing:
            raise LayerError(f"{patch.path}: {', '.join(sorted(missing))} is not part of this flavour's layer")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(lambda c: self._compile(*c, tree), wanted))

    def link(self, objects, flavour, out, tree):
        """One symbol goes out, so that nothing of the program that loads it gets in the way of the layer's own."""
        script = tree / "exported"
        script.write_text("{ global: twinmap_layer; local: *; };\n")
        run([self.commands[0][1][0], "-shared", "-pthread", "-o", out, *objects, f"-Wl,-u,layer_{flavour}",
             f"-Wl,--defsym=twinmap_layer=layer_{flavour}", f"-Wl,--version-script={script}",
             "-Wl,--start-group", *self.archives, "-Wl,--end-group"], self.build)


def build_layer(build, flavour, patch_path, out):
    out = Path(out).resolve()
    builder = Builder(build, flavour)
    tree = Path(f"{out}.p")
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    objects = []
    if patch_path:
        patch = LayerPatch(patch_path)
        if flavour not in patch.flavours:
            raise LayerError(f"{patch.path}: not for the flavour {flavour}")
        objects = builder.objects(patch, tree)
    builder.link(objects, flavour, out, tree)


def refresh(path):
    """True if PATH is up to date now."""
    patch = LayerPatch(path)
    with tempfile.TemporaryDirectory() as work:
        good, said = patch.apply(Path(work, "b"))
        if not good:
            print(f"{path}: make it anew by hand\n{said}", file=sys.stderr)
            return False
        text = patch.head
        for name in patch.touched:
            done = subprocess.run(["diff", "-up", "--suppress-blank-empty", "--label", f"a/{name}", "--label",
                                   f"b/{name}", ROOT / name, Path(work, "b", name)],
                                  capture_output=True, text=True, check=False)
            if done.returncode != 1:
                print(f"{path}: {name} does not change any more {done.stderr}", file=sys.stderr)
                return False
            text += done.stdout
    if text != patch.path.read_text():
        patch.path.write_text(text)
        print(f"{path}: written anew")
    return True


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ", 1)[1].split("\n\n", 1)[0].replace(" " * 7, "", 1))
    parser.add_argument("--build")
    parser.add_argument("--flavour", choices=FLAVOURS)
    parser.add_argument("--patch")
    parser.add_argument("-o", dest="out")
    parser.add_argument("--refresh", nargs="+", metavar="PATCH")
    parser.add_argument("--check", nargs="+", metavar="PATCH")
    args = parser.parse_args()
    try:
        if args.refresh:
            return 0 if all([refresh(path) for path in args.refresh]) else 1
        if args.check:
            for path in args.check:
                LayerPatch(path)
            return 0
        if not (args.build and args.flavour and args.out):
            parser.error("expected --build, --flavour and -o")
        build_layer(args.build, args.flavour, args.patch, args.out)
    except (LayerError, OSError) as e:
        print(f"build_layer: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
