# What the soak tests share: options, a folder of their own, the programs, counting. Source it; then call soak_begin "$@".
# Exit codes: 0 all passed, 1 something failed, 2 bad usage, 77 not possible here (the last line says why), 78 its short form is among the tests of the engine.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
passed=0 failed=0 skipped=0

soak_usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }

cannot() { echo "$*"; exit 77; }

# Sets rounds, seed, work; leaves nothing behind unless told.
soak_begin() {
    local keep='' given=''
    rounds=${default_rounds:?} seed=$(((RANDOM << 15 | RANDOM) % 1000000))
    while (($#)); do
        case $1 in
            --rounds | --seed)
                [[ ${2:-} =~ ^[0-9]+$ ]] || { echo "$1 needs a number." >&2; exit 2; }
                printf -v "${1#--}" %d "$2"
                shift ;;
            --work) given=${2:?}; shift ;;
            --keep) keep=1 ;;
            -h | --help) soak_usage; exit 0 ;;
            *) soak_usage >&2; echo "'$1' is no option." >&2; exit 2 ;;
        esac
        shift
    done
    [[ $(uname) == Linux ]] || cannot "needs Linux"
    bench_dll=$root/bench/StingBackup.Bench/bin/Release/net10.0/StingBackup.Bench.dll
    PATH=$root/out/bin:$PATH
    [[ -x $root/out/bin/sting-backup && -f $bench_dll ]] || cannot "not built: dotnet build -c Release"
    sting-backup --help 2>/dev/null | grep -q incremental || cannot "this build of sting-backup has no backup command"
    work=$(mktemp -d "${given:-${TMPDIR:-/tmp}}/sting-soak-XXXXXX") || exit 2
    if [[ $keep ]]; then
        trap 'echo "kept: $work" >&2; stop_child' EXIT
    else
        trap 'stop_child; rm -rf "$work"' EXIT
    fi
    trap 'exit 130' INT TERM
    export XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/data
    unset STING_BACKUP_CONFIG STING_BACKUP_PASSPHRASE
    reserve=$work/reserve repository=$work/repository config=$work/sting-backup.yaml log=$work/log
    RANDOM=$seed
    echo "seed $seed, $rounds rounds"
}

child=''
stop_child() {
    if [[ $child ]]; then
        kill -9 "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    fi
    child=''
}

bench() { dotnet "$bench_dll" "$@"; }

# random N: sets REPLY to 0 … N − 1. Not in a subshell, which would not move the sequence on.
random() { REPLY=$(((RANDOM << 30 | RANDOM << 15 | RANDOM) % $1)); }

new_repository() {
    rm -rf "$repository" "$config" "$work"/{config,state,cache,data}
    run sting-backup init --no-passphrase --backup-root "$repository" --reserve "$reserve" --config "$config" \
        --key-directory "$work/data/keys" --state-directory "$work/state" --cache-directory "$work/cache" --log-directory "$work/data/logs" --setting=performance.cpu_limit=none   # nobody waits here, and yet it should be soon over
}

# Runs a command into the log; its exit code is the command's.
run() { "$@" >"$log" 2>&1 </dev/null; }

restore_to() {
    rm -rf "$1" && mkdir "$1"
    run sting-restore full --date latest --destination "$1" --confirm --config "$config"
}

# A program may put the tree below a folder of its own: prints where it begins.
restored_root() {
    local folder=$1 entries
    while [[ ! -e $folder/users ]]; do
        mapfile -t entries < <(find "$folder" -mindepth 1 -maxdepth 1)
        [[ ${#entries[@]} == 1 && -d ${entries[0]} ]] || break
        folder=${entries[0]}
    done
    echo "$folder"
}

pass() { passed=$((passed + 1)); }

# pass_over WHAT: a part cannot be shown here; the line says why.
pass_over() {
    skipped=$((skipped + 1))
    echo "SKIPPED: $*"
}

# fail WHAT: one round failed; its log's last words follow.
fail() {
    failed=$((failed + 1))
    echo "FAILED: $*"
    tail -8 "$log" 2>/dev/null | sed 's/^/    /'
}

soak_end() {
    echo "$passed passed, $failed failed, $skipped skipped"
    ((failed == 0 && passed > 0))
    exit
}

# kill_after MICROSECONDS: kills $child with SIGKILL when they are over, unless it has ended by then; sets code to how it ended, taken to the microseconds that it ran.
kill_after() {
    local sleeper start=${EPOCHREALTIME/./}
    sleep "$(($1 / 1000000)).$(printf %06d $(($1 % 1000000)))" &
    sleeper=$!
    wait -n "$child" "$sleeper"
    taken=$((${EPOCHREALTIME/./} - start))
    kill -9 "$child" 2>/dev/null
    wait "$child" 2>/dev/null || code=$?
    child=''
    kill "$sleeper" 2>/dev/null
    wait "$sleeper" 2>/dev/null
}
