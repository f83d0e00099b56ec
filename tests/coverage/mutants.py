"""Plans a run of dotnet-stryker and tells what it found. For tests/mutate.sh."""
import argparse
import collections
import glob
import json
import os
import random
import re
import sys

from report import pattern

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ENGINE = os.path.join(ROOT, "src", "StingBackup.Engine")
STRETCH = 10


def rows(path, kind, area):
    with open(path, encoding="utf-8") as lines:
        return [row[2] for row in map(str.split, lines) if row[:2] == [kind, area]]


def sources(options):
    """The area's files, those asked for."""
    wanted = [pattern(row) for row in rows(options.areas, "source", options.area)]
    found = sorted(glob.glob(os.path.join(ENGINE, "**", "*.cs"), recursive=True))
    return [path for path in found if "/obj/" not in path and any(p.match(path) for p in wanted) and (not options.files or any(path.endswith(f) for f in options.files))]


def stretches(path):
    """Ten lines of code each, as first and last character."""
    with open(path, encoding="utf-8") as text:
        lines = text.readlines()
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line)
    for first in range(0, len(lines), STRETCH):
        part = lines[first:first + STRETCH]
        if any(re.search(r"[;{=?]", line) and not line.lstrip().startswith("//") for line in part):
            yield path, starts[first], starts[first] + sum(map(len, part))


def plan(options):
    files = sources(options)
    if options.sample:
        drawn = collections.defaultdict(list)
        every = [stretch for path in files for stretch in stretches(path)]
        for path, first, last in random.Random(options.seed).sample(every, min(options.sample, len(every))):
            drawn[path].append((first, last))
        mutate = [os.path.relpath(path, ENGINE) + "".join(f"{{{a}..{b}}}" for a, b in sorted(drawn[path])) for path in sorted(drawn)]
        print(f"{sum(map(len, drawn.values()))} stretches of {len(every)} in {len(files)} files, seed {options.seed}")
    else:
        mutate = [os.path.relpath(path, ENGINE) for path in files]
        print(f"all of {len(files)} files")
    config = {
        "project": "StingBackup.Engine.csproj", "configuration": "Release", "mutate": [f"**/{m}" for m in mutate], "reporters": ["json"], "concurrency": options.workers,
        "coverage-analysis": "perTest", "mutation-level": "Standard", "ignore-mutations": ["string"], "ignore-methods": ["ConfigureAwait"], "additional-timeout": 15000,
        "test-case-filter": "|".join(f"FullyQualifiedName~StingBackup.Engine.Tests.{name}" for name in options.tests),
    }
    with open(os.path.join(options.out, "stryker.json"), "w", encoding="utf-8") as target:
        json.dump({"stryker-config": config}, target, indent=1)
    return 0


def tell(options):
    results = glob.glob(os.path.join(options.out, "**", "mutation-report.json"), recursive=True)
    if not results:
        print("There is no result.", file=sys.stderr)
        return 1
    with open(max(results, key=os.path.getmtime), encoding="utf-8-sig") as text:
        files = json.load(text)["files"]
    names = ("Killed", "Timeout", "Survived", "NoCoverage")
    whole = collections.Counter()
    print(f"{'file':<44} {'killed':>7} {'timeout':>7} {'survived':>8} {'unreached':>9} {'score':>6}")
    with open(os.path.join(options.out, "survivors.txt"), "w", encoding="utf-8") as report:
        for path in sorted(files):
            counts = collections.Counter(m["status"] for m in files[path]["mutants"])
            whole.update(counts)
            row(os.path.relpath(path, ENGINE) if os.path.isabs(path) else path, [counts[n] for n in names])
            lines = files[path]["source"].splitlines()
            for mutant in sorted(files[path]["mutants"], key=lambda m: (m["location"]["start"]["line"], m["location"]["start"]["column"])):
                if mutant["status"] in ("Survived", "NoCoverage"):
                    start = mutant["location"]["start"]
                    print(f"{os.path.basename(path)}:{start['line']}:{start['column']} {mutant['status']} {mutant['mutatorName']}\n    {lines[start['line'] - 1].strip()}\n  → {mutant.get('replacement', '')}", file=report)
    row("all", [whole[n] for n in names])
    return 0


def row(name, counts):
    found, whole = sum(counts[:2]), sum(counts)
    if whole:
        print(f"{name[-44:]:<44} {counts[0]:>7} {counts[1]:>7} {counts[2]:>8} {counts[3]:>9} {100 * found / whole:>5.1f}%")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["plan", "tell"])
    parser.add_argument("areas")
    parser.add_argument("area")
    parser.add_argument("out")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tests", nargs="*", default=[])
    parser.add_argument("--files", nargs="*", default=[])
    options = parser.parse_args()
    return plan(options) if options.verb == "plan" else tell(options)


sys.exit(main())
