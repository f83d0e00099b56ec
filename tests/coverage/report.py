"""Tells by area what coverlet's coverage.json counted. Arguments: areas.txt, the folder of the run, areas. For tests/coverage.sh."""
import collections
import glob
import json
import os
import re
import sys

LIMIT = 95.0


def pattern(text):
    """A regular expression of a pattern of areas.txt."""
    text = re.escape(text).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.compile(rf".*/src/StingBackup\.Engine/{text}$")


def sources(path, area):
    """Patterns of an area's files."""
    with open(path, encoding="utf-8") as lines:
        rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return [pattern(row[2]) for row in rows if row[:2] == ["source", area]]


def elsewhere(path):
    """What only other systems go: numbers of lines by the end of the file's path. A row that no line of its file holds any more is a fault."""
    engine = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "src", "StingBackup.Engine")
    found = collections.defaultdict(set)
    with open(path, encoding="utf-8") as rows:
        for _, name, text in (row.strip().split(maxsplit=2) for row in rows if row.startswith("elsewhere ")):
            with open(os.path.join(engine, name), encoding="utf-8") as source:
                held = [number for number, line in enumerate(source, 1) if text in line]
            if not held:
                sys.exit(f"{path}: no line of {name} holds '{text}' any more.")
            found[f"/src/StingBackup.Engine/{name}"].update(held)
    return found


def leave_out(files, others):
    """Takes away lines and branches that only other systems go and that were not reached; tells how many."""
    gone = [0, 0]
    for path, (lines, branches) in files.items():
        numbers = next((held for end, held in others.items() if path.endswith(end)), ())
        for which, (counted, line_of) in enumerate(((lines, lambda key: key), (branches, lambda key: key[0]))):
            for key in [key for key, hits in counted.items() if not hits and line_of(key) in numbers]:
                del counted[key]
                gone[which] += 1
    return gone


def counts(folder):
    """Of each file its lines and its branches, with how often each was reached: the most of any run."""
    files = collections.defaultdict(lambda: ({}, {}))
    for result in glob.glob(os.path.join(folder, "run", "**", "coverage.json"), recursive=True):
        with open(result, encoding="utf-8-sig") as text:
            modules = json.load(text)
        for documents in modules.values():
            for path, classes in documents.items():
                lines, branches = files[path]
                for name, methods in classes.items():
                    for method, seen in methods.items():
                        for line, hits in seen["Lines"].items():
                            lines[int(line)] = max(hits, lines.get(int(line), 0))
                        for branch in seen["Branches"]:
                            key = (branch["Line"], name, method, branch["Offset"], branch["Path"])
                            branches[key] = max(branch["Hits"], branches.get(key, 0))
    return files


def share(reached, whole):
    return 100.0 * reached / whole if whole else 0.0


def stretches(numbers):
    """Line numbers as stretches: 3-5, 9."""
    told = []
    for number in sorted(numbers):
        if told and number <= told[-1][1] + 1:
            told[-1][1] = number
        else:
            told.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in told)


def main():
    areas_file, folder, *areas = sys.argv[1:]
    files = counts(folder)
    if not files:
        sys.exit("Nothing was counted: native code cannot be counted in. Leave out --no-build, or build with -p:ReadyToRun=false.")
    gone = leave_out(files, elsewhere(areas_file))
    below = False
    print(f"{'area':<14} {'files':>5} {'lines':>14} {'%':>6} {'branches':>14} {'%':>6}")
    for area in areas:
        wanted = sources(areas_file, area)
        mine = {path: found for path, found in files.items() if any(p.match(path) for p in wanted)}
        lines = [hits for of_lines, _ in mine.values() for hits in of_lines.values()]
        branches = [hits for _, of_branches in mine.values() for hits in of_branches.values()]
        of_lines, of_branches = share(sum(map(bool, lines)), len(lines)), share(sum(map(bool, branches)), len(branches))
        below |= not mine or min(of_lines, of_branches) < LIMIT
        print(f"{area:<14} {len(mine):>5} {sum(map(bool, lines)):>6} / {len(lines):<5} {of_lines:>6.1f} {sum(map(bool, branches)):>6} / {len(branches):<5} {of_branches:>6.1f}")
        with open(os.path.join(folder, f"{area}.txt"), "w", encoding="utf-8") as report:
            for path in sorted(mine):
                missed = [line for line, hits in mine[path][0].items() if not hits]
                half = collections.Counter(key[0] for key, hits in mine[path][1].items() if not hits)
                name = path.split("/src/StingBackup.Engine/")[1]
                if missed or half:
                    print(f"{name}\n  lines    {stretches(missed) or 'all reached'}", file=report)
                    print(f"  branches {', '.join(f'{line} ({count})' for line, count in sorted(half.items())) or 'all reached'}", file=report)
    print(f"Not counted, since only other systems go there ({os.path.basename(areas_file)}): {gone[0]} lines, {gone[1]} branches.")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
