#!/usr/bin/env bash
# Measures how time and memory grow with files, chunks, subjects and restore points. Needs Linux. See --help.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    cat <<'TEXT'
bench/scale.sh [options]
  --axis LIST         files,chunks,subjects,points (the default: all)
  --sizes LIST        sizes of one axis; else 10000,100000,1000000 files; 1000000,10000000 chunks; 100,1000,10000 subjects; 100,1000,10000 points
  --runs N            timed runs of each step that changes nothing, 3 unless told; one of any step from --once files or chunks on
  --once N            300000 unless told
  --work DIR          keeps results there; without it a temporary folder, removed at the end
  --timed-by CMD      put before each timed command: one that keeps the machine quiet
  --made-by CMD       put before what makes corpora and repositories
  --docs FILE         whose section is replaced, with the plots beside it; docs/benchmarks.md unless told
  --no-docs           prints only
  --report            no runs: tables and plots of the results that lie in --work

Each step is a command of its own, with its start. Seconds, CPU seconds and the largest resident set are GNU time's; opened objects are counted by strace in a run that is not timed.
Needs about 20 GB of disk at full size, and apt-get install time strace.
TEXT
}

axes=files,chunks,subjects,points sizes='' runs=3 once=300000 work='' timed='' made='' docs=$here/docs/benchmarks.md report=''
fail() { echo "scale.sh: $*" >&2; exit 2; }
while (($#)); do
    case $1 in
        --axis | --sizes | --runs | --once | --work | --timed-by | --made-by | --docs) (($# > 1)) || fail "$1 needs a value." ;;&
        --axis) axes=$2; shift ;;
        --sizes) sizes=$2; shift ;;
        --runs) runs=$2; shift ;;
        --once) once=$2; shift ;;
        --work) work=$2; shift ;;
        --timed-by) timed=$2; shift ;;
        --made-by) made=$2; shift ;;
        --docs) docs=$2; shift ;;
        --no-docs) docs= ;;
        --report) report=1 ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "'$1' is no option." ;;
    esac
    shift
done
IFS=, read -ra axes <<<"$axes"
for axis in "${axes[@]}"; do [[ $axis =~ ^(files|chunks|subjects|points)$ ]] || fail "'$axis' is no axis."; done
[[ -z $sizes || ${#axes[@]} = 1 ]] || fail "--sizes goes with one --axis."
[[ $runs =~ ^[1-9][0-9]*$ ]] || fail "--runs takes a number from 1."
for program in /usr/bin/time strace; do [[ $(type -P "$program") ]] || fail "$program is missing: apt-get install time strace"; done
sting=$here/out/bin/sting-backup restore=$here/out/bin/sting-restore bench=$here/bench/StingBackup.Bench/bin/Release/net10.0/StingBackup.Bench.dll
for built in "$sting" "$bench"; do [[ -e $built ]] || fail "'$built' is not built: dotnet build -c Release"; done

if [[ $work ]]; then
    mkdir -p "$work" && work=$(cd "$work" && pwd)
    trap 'rm -rf "$work/run"' EXIT
else
    work=$(mktemp -d "${TMPDIR:-/tmp}/sting-scale-XXXXXX")
    trap 'rm -rf "$work"' EXIT
fi
results=$work/scale.tsv
touch "$results"
unset STING_BACKUP_CONFIG STING_BACKUP_PASSPHRASE

scale() { $made dotnet "$bench" scale "$@" >&2; }
init() {   # axis size: an empty reserve, an empty repository
    rm -rf "$work/run"
    run=$work/run tree=$work/run/reserve config=$work/run/sting-backup.yaml
    mkdir -p "$tree"
    export XDG_CONFIG_HOME=$run/config XDG_STATE_HOME=$run/state XDG_CACHE_HOME=$run/cache XDG_DATA_HOME=$run/data
    axis=$1 size=$2
    local spares=${3:-1000}
    "$sting" init --no-passphrase --backup-root "$run/repository" --reserve "$tree" --config "$config" --key-directory "$run/keys" --state-directory "$run/state" --cache-directory "$run/cache" \
        --log-directory "$run/logs" --setting=performance.cpu_limit=none --setting=keys.spares="$spares" >"$run/log" 2>&1 || { cat "$run/log" >&2; fail "init failed"; }
}
step() {   # name command...: one timed run
    local name=$1 code=0
    shift
    sync -f "$run"
    $timed /usr/bin/time -f '%e %U %S %M' -o "$run/time" "$@" --config "$config" >"$run/log" 2>&1 || code=$?
    ((code == 0)) || { tail -5 "$run/log" >&2; fail "$axis $size: $name ended with $code"; }
    read -r seconds user system peak < <(tail -1 "$run/time")
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$axis" "$size" "$name" "$seconds" "$(awk "BEGIN{print $user+$system}")" "$peak" "${opened:--}" | tee -a "$results" >&2
}
count() {  # command...: objects of the repository that it opens; not timed
    opened=$(strace -f -qq -e trace=openat -o "$run/trace" "$@" --config "$config" >/dev/null 2>&1 || true; grep -c "\"$run/repository/[^\"]*\", O_RDONLY[^D]*) = [0-9]" "$run/trace" || true)
    rm -f "$run/trace"
}
look() {   # name command...: runs of a step that changes nothing
    local name=$1 i n=$runs
    shift
    if ((size >= once)); then n=1 opened=-; else count "$@"; fi
    for ((i = 0; i < n; i++)); do rm -rf "$run/back"; step "$name" "$@"; done
    opened=-
}
looks() {  # a file that is there: what reads and changes nothing
    look list "$sting" list
    look status "$sting" status
    [[ -z $1 ]] || look 'find one file' "$sting" find "--name=$(basename "$1")"
    [[ -z $1 ]] || look 'restore one file' "$restore" file "--file=$1" --destination="$run/back" --date=latest
    [[ -z ${2:-} ]] || look 'verify, structure' "$sting" verify --level structure
    look 'plan of a sweep' "$sting" prune --dry-run
}
ticks() {  # changed files: runs that change
    local i n=$runs
    ((size < once)) || n=1
    for ((i = 0; i < n; i++)); do step unchanged "$sting" incremental; done
    for ((i = 0; i < n; i++)); do scale change "$tree" "$1" "$i"; step "$1 changed" "$sting" incremental; done
}
some_file() { find "$tree" -type f | sort | awk '{line[NR]=$0} END{print line[int((NR+1)/2)]}' | sed "s|^$tree/||"; }

measure_files() {
    init files "$1"
    rmdir "$tree"
    $made dotnet "$bench" corpus small "$tree" --scale "$(awk "BEGIN{print $1/100000}")" >&2
    step first "$sting" full
    ticks 100
    looks "$(some_file)" verify
}
measure_subjects() {
    init subjects "$1" $(($1 + 1000))
    scale subjects "$tree" "$1"
    step first "$sting" full
    ticks 10
    looks "$(some_file)" verify
}
measure_points() {
    init points "$1"
    scale points "$config" "$1"
    mkdir -p "$tree/users/7"
    for i in {1..20}; do echo "note $i" >"$tree/users/7/note $i.txt"; done
    $made "$sting" full --config "$config" >&2
    ticks 10
    looks "users/7/note 7.txt" verify
}
measure_chunks() {
    init chunks "$1"
    $made dotnet "$bench" index "$config" "$1" >&2
    mkdir -p "$tree/users/7"
    echo note >"$tree/users/7/note.txt"
    step 'one small file' "$sting" incremental
    look list "$sting" list
    look status "$sting" status
    look 'restore one file' "$restore" file "--file=users/7/note.txt" --destination="$run/back" --date=latest
    look 'plan of a sweep' "$sting" prune --dry-run
}

sizes_of() {
    if [[ $sizes ]]; then echo "${sizes//,/ }"; return; fi
    case $1 in files) echo 10000 100000 1000000 ;; chunks) echo 1000000 10000000 ;; *) echo 100 1000 10000 ;; esac
}
if [[ -z $report ]]; then
    for a in "${axes[@]}"; do
        for s in $(sizes_of "$a"); do
            # What an earlier run measured of the same is replaced.
            awk -F'\t' -v a="$a" -v s="$s" '!($1 == a && $2 == s)' "$results" >"$results.new" && mv "$results.new" "$results"
            opened=-
            "measure_$a" "$s"
        done
    done
fi

model=$(awk -F': ' '/model name/{print $2; exit}' /proc/cpuinfo)
{
    echo "Measured on $(date -u +%F) at commit $(git -C "$here" rev-parse --short HEAD): $model, $(nproc) cores, $(awk '/MemTotal/{printf "%.0f", $2/1048576}' /proc/meminfo) GiB of memory, Linux $(uname -r), $(stat -f -c %T "$work") file system, sting-backup $("$sting" --version 2>/dev/null | head -1 | awk '{print $NF}')."
} >"$work/machine.txt"
dotnet "$bench" scale report "$results" "$work/machine.txt" ${docs:+--into "$docs"}
