#!/usr/bin/env bash
# Measures what a journal of changes gives an incremental run, and what its watcher costs. Needs Linux; as root it watches by fanotify, else by inotify. See --help.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    cat <<'TEXT'
bench/journal.sh [options]
  --sizes LIST        files of the reserve: 100000,1000000 unless told
  --runs N            timed runs of each step; 5 unless told
  --work DIR          keeps results there; without it a temporary folder, removed at the end
  --timed-by CMD      put before each timed command: one that keeps the machine quiet
  --docs FILE         whose measured section is replaced; docs/benchmarks.md unless told
  --no-docs           prints only
  --report            measures nothing: writes the document from what --work has kept

Two installations back up the same reserve, by turns and another one first each time: one whose daemon watches, and one that scans. Each step is a command of its own, with its start, and ends with the sync of
what it wrote. What the watcher costs is the daemon's processor time and its resident set, against a daemon that does not watch, while another program writes 20,000 files as fast as it can.
TEXT
}

sizes=100000,1000000 runs=5 work='' timed='' docs=$here/docs/benchmarks.md report=''
fail() { echo "journal.sh: $*" >&2; exit 2; }
while (($#)); do
    case $1 in
        --sizes | --runs | --work | --timed-by | --docs) (($# > 1)) || fail "$1 needs a value." ;;&
        --sizes) sizes=$2; shift ;;
        --runs) runs=$2; shift ;;
        --work) work=$2; shift ;;
        --timed-by) timed=$2; shift ;;
        --docs) docs=$2; shift ;;
        --no-docs) docs= ;;
        --report) report=1 ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "'$1' is no option." ;;
    esac
    shift
done
[[ $runs =~ ^[1-9][0-9]*$ ]] || fail "--runs takes a number from 1."
[[ $sizes =~ ^[1-9][0-9]*(,[1-9][0-9]*)*$ ]] || fail "--sizes takes numbers."
[[ ! $report || $work ]] || fail "--report needs --work, where results were kept."
sting=$here/out/bin/sting-backup bench=$here/bench/StingBackup.Bench/bin/Release/net10.0/StingBackup.Bench.dll
for built in "$sting" "$bench" /usr/bin/time; do [[ -e $built ]] || fail "'$built' is missing: dotnet build -c Release StingBackup.sln and bench/StingBackup.Bench; apt-get install time"; done

daemons=()
cleanup() {
    ((${#daemons[@]} == 0)) || kill "${daemons[@]}" 2>/dev/null || true
    wait
    rm -rf "${run:-}" ${temporary:+"$work"}
}
trap cleanup EXIT
temporary=''
if [[ $work ]]; then mkdir -p "$work" && work=$(cd "$work" && pwd); else temporary=1 work=$(mktemp -d "${TMPDIR:-/tmp}/sting-journal-XXXXXX"); fi
run=$work/run results=$work/journal.tsv tree=$run/reserve
touch "$results"
unset STING_BACKUP_CONFIG STING_BACKUP_PASSPHRASE

keep() { local IFS=$'\t'; echo "$*" | tee -a "$results" >&2; }   # size step way seconds cpu
config() { echo "$run/$1/sting-backup.yaml"; }

init() {   # WAY: journal or scan
    local own=$run/$1
    mkdir -p "$own"
    "$sting" init --no-passphrase --backup-root "$own/repository" --reserve "$tree" --config "$(config "$1")" --key-directory "$own/keys" --state-directory "$own/state" --cache-directory "$own/cache" \
        --log-directory "$own/logs" --setting=performance.cpu_limit=none --setting=journal.enabled="$([[ $1 == journal ]] && echo true || echo false)" >"$run/log" 2>&1 || { cat "$run/log" >&2; fail "init failed"; }
    # Runs are this script's own: the daemon only watches. It ends where it has nothing to wait for, so one day in four years is left to it.
    sed -i -E '/^timers:/,/^[a-z]/{s/^  # (incremental|full|cleanup|sync|verify|drill): .*/  \1: never/;s/^  # archive: .*/  archive: "0 0 29 2 *"/}' "$(config "$1")"
}
start_daemon() {   # WAY: sets pid
    "$sting" daemon --config "$(config "$1")" >"$run/$1/daemon.log" 2>&1 </dev/null &
    pid=$!
    daemons+=("$pid")
    for ((i = 0; i < 600; i++)); do
        if [[ $1 == scan ]]; then sleep 5; return; fi
        "$sting" status --config "$(config "$1")" 2>/dev/null </dev/null | grep -Eq '(fanotify|inotify) since' && return
        sleep 0.5
    done
    tail -5 "$run/$1/daemon.log" >&2
    fail "the daemon does not watch"
}
step() {   # WAY STEP: one timed incremental run
    local code=0
    sync -f "$run"
    # shellcheck disable=SC2016
    $timed /usr/bin/time -f '%e %U %S' -o "$run/time" bash -c '"$1" incremental --verbose --config "$2" && sync -f "$2"' _ "$sting" "$(config "$1")" >"$run/log" 2>&1 </dev/null || code=$?
    ((code == 0)) || { tail -5 "$run/log" >&2; fail "$size files, $2, $1: ended with $code"; }
    [[ $1 == scan ]] || grep -q 'The journal of changes tells' "$run/log" || fail "$size files, $2: the run did not go by the journal"
    read -r seconds user system < <(tail -1 "$run/time")
    keep "$size" "$2" "$1" "$seconds" "$(awk "BEGIN { print $user + $system }")"
}
both() {   # STEP ROUND: by turns
    local ways=(journal scan)
    (($2 % 2)) || ways=(scan journal)
    for way in "${ways[@]}"; do step "$way" "$1"; done
}
resident() { awk '/^VmRSS/ { printf "%.0f\n", $2 / 1000 }' "/proc/$1/status"; }
processor() { awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.2f\n", ($12 + $13) / tick }' "/proc/$1/stat"; }
write_files() {   # FOLDER: 20,000 small files, each written, closed and renamed, as editors and uploads do
    $timed /usr/bin/time -f '%e' -o "$run/time" python3 - "$1" <<'PY'
import os, sys
for number in range(20000):
    folder = os.path.join(sys.argv[1], str(number % 100))
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, f"{number}.txt")
    with open(name + ".part", "wb") as file:
        file.write(b"x" * 200)
    os.rename(name + ".part", name)
PY
    tail -1 "$run/time"
}

measure() {
    size=$1
    rm -rf "$run"
    mkdir -p "$run"
    export XDG_CONFIG_HOME=$run/config XDG_STATE_HOME=$run/state XDG_CACHE_HOME=$run/cache XDG_DATA_HOME=$run/data
    dotnet "$bench" corpus small "$tree" --scale "$(awk "BEGIN { print $size / 100000 }")" >&2
    local way round before written
    for way in journal scan; do init "$way"; "$sting" full --config "$(config "$way")" >"$run/log" 2>&1 || fail "the first run failed"; done
    for way in scan journal; do
        start_daemon "$way"
        mkdir -p "$tree/users/load-$way"
        before=$(processor "$pid")
        written=$(write_files "$tree/users/load-$way")
        sleep 2
        keep "$size" written "$way" "$written" "$(awk "BEGIN { print $(processor "$pid") - $before }")"
        keep "$size" resident "$way" "$(resident "$pid")" 0
        [[ $way == journal ]] || { kill "$pid"; wait "$pid" || true; daemons=(); }
    done
    # The first run after the daemon's start scans everything; from then on the journal serves.
    for way in journal scan; do "$sting" incremental --config "$(config "$way")" >"$run/log" 2>&1 || fail "the run before the timed ones failed"; done
    for ((round = 1; round <= runs; round++)); do
        both unchanged "$round"
        dotnet "$bench" scale change "$tree" 100 "$round" >&2
        both '100 changed' "$round"
    done
    kill "$pid"; wait "$pid" || true
    daemons=()
}

if [[ ! $report ]]; then
    for s in ${sizes//,/ }; do
        awk -F'\t' -v s="$s" '$1 != s' "$results" >"$results.new" && mv "$results.new" "$results"
        measure "$s"
    done
    model=$(awk -F': ' '/model name/{print $2; exit}' /proc/cpuinfo)
    echo "Measured on $(date -u +%F) at commit $(git -C "$here" rev-parse --short HEAD): $model, $(nproc) cores, $(awk '/MemTotal/{printf "%.0f", $2/1048576}' /proc/meminfo) GiB of memory, Linux $(uname -r), $(stat -f -c %T "$work") file system, by $( ((EUID == 0)) && echo fanotify || echo inotify)." >"$work/machine.txt"
fi

table() {
    cat "$work/machine.txt"
    echo
    echo '| files | step | by the journal | processor | by a full scan | processor | times |'
    echo '|--:|---|--:|--:|--:|--:|--:|'
    python3 - "$results" <<'PY'
import statistics, sys
rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[1])]
def of(size, step, way, column): return [float(r[column]) for r in rows if r[:3] == [size, step, way]]
def span(values, unit): return f"{statistics.median(values):.2f} {unit} ({min(values):.2f} – {max(values):.2f})"
sizes = sorted({r[0] for r in rows}, key=int)
for size in sizes:
    for step in ("unchanged", "100 changed"):
        j, s = of(size, step, "journal", 3), of(size, step, "scan", 3)
        print(f"| {int(size):,} | {step} | {span(j, 's')} | {statistics.median(of(size, step, 'journal', 4)):.2f} s | {span(s, 's')} | {statistics.median(of(size, step, 'scan', 4)):.2f} s | {statistics.median(s) / statistics.median(j):.2f} |")
print()
print("| files | daemon | resident set | its processor time for 20,000 files written and renamed | the writer's time |")
print("|--:|---|--:|--:|--:|")
for size in sizes:
    for way, name in (("scan", "does not watch"), ("journal", "watches")):
        print(f"| {int(size):,} | {name} | {of(size, 'resident', way, 3)[0]:.0f} MB | {of(size, 'written', way, 4)[0]:.2f} s | {of(size, 'written', way, 3)[0]:.2f} s |")
PY
}
table >"$work/table.md"
cat "$work/table.md"
[[ ! $docs ]] || python3 - "$docs" "$work/table.md" <<'PY'
import re, sys
document, table = open(sys.argv[1]).read(), open(sys.argv[2]).read()
begin, end = "<!-- journal: begin; bench/journal.sh writes what follows -->\n", "<!-- journal: end -->"
if begin not in document or end not in document: sys.exit(f"journal.sh: {sys.argv[1]} has no section for the journal.")
head, rest = document.split(begin, 1)
open(sys.argv[1], "w").write(head + begin + table + rest[rest.index(end):])
PY
