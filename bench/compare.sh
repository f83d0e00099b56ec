#!/usr/bin/env bash
# Measures sting-backup, restic, borg and tar | zstd | openssl side by side, on the same corpora, in one run. Needs Linux. See --help.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    cat <<'TEXT'
bench/compare.sh [options]
  --runs N            timed runs of each step; 5 unless told
  --corpus LIST       fixture,small,large (the default: all three)
  --tools LIST        sting,restic,borg,tar (the default: all four)
  --s3                also backs the fixture up to a real S3 server (Ceph) on this machine, and restores it: sting and restic
  --s3-only           nothing but that
  --quick             one run on small corpora: shows that the lanes work, not how fast they are; writes no document
  --work DIR          keeps corpora there, for the next time; without it a temporary folder, removed at the end
  --docs FILE         whose measured section is replaced; docs/benchmarks.md unless told
  --no-docs           prints only

Every run: the corpus is copied; each tool in turn (another one first each time) makes a first backup and an unchanged one; 5 % of
the copy changes; each tool in turn backs up the change, restores it, and verifies with data. Before each timed step dirty pages are
written and what it reads is read once; each timed step ends with a sync of the file system that it wrote to. Each restored tree is
compared with the copy by a hash over names, contents, modes, owners, times and links; one that differs makes its row void.

Needs about 25 GB of disk at full size, and restic, borg, zstd, openssl, GNU tar and GNU time: apt-get install restic borgbackup zstd openssl time
TEXT
}

runs=5 corpora=fixture,small,large tools=sting,restic,borg,tar
quick='' s3='' suffix='' work='' docs=$here/docs/benchmarks.md
fail() { echo "compare.sh: $*" >&2; exit 2; }
while (($#)); do
    case $1 in
        --runs | --corpus | --tools | --work | --docs) (($# > 1)) || fail "$1 needs a value." ;;&
        --runs) runs=$2; shift ;;
        --corpus) corpora=$2; shift ;;
        --tools) tools=$2; shift ;;
        --work) work=$2; shift ;;
        --docs) docs=$2; shift ;;
        --no-docs) docs= ;;
        --s3) s3=1 ;;
        --s3-only) s3=only ;;
        --quick) quick=1 runs=1 docs= ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "'$1' is no option." ;;
    esac
    shift
done
[[ $runs =~ ^[1-9][0-9]*$ ]] || fail "--runs takes a number from 1."
IFS=, read -ra corpora <<<"$corpora"
IFS=, read -ra tools <<<"$tools"
for corpus in "${corpora[@]}"; do [[ $corpus =~ ^(fixture|small|large)$ ]] || fail "'$corpus' is no corpus."; done
for tool in "${tools[@]}"; do [[ $tool =~ ^(sting|restic|borg|tar)$ ]] || fail "'$tool' is no tool."; done
[[ -z $docs || -f $docs ]] || fail "'$docs' is not there; its measured section cannot be replaced (--no-docs prints only)."

missing=()
[[ -x /usr/bin/time ]] || missing+=(time)
for tool in "${tools[@]}"; do
    case $tool in
        restic) [[ $(type -P restic) ]] || missing+=(restic) ;;
        borg) [[ $(type -P borg) ]] || missing+=(borgbackup) ;;
        tar) for program in tar zstd openssl; do [[ $(type -P "$program") ]] || missing+=("$program"); done ;;
        sting) [[ -x $here/out/bin/sting-backup ]] || fail "out/bin/sting-backup is not built: dotnet build -c Release" ;;
    esac
done
((${#missing[@]} == 0)) || fail "these are missing: apt-get install ${missing[*]}"

if [[ $work ]]; then
    mkdir -p "$work" && work=$(cd "$work" && pwd)
    run=$work/run
    [[ ! -e $run ]] || fail "'$run' is left from another run; remove it."
    mkdir "$run"
    # The figures themselves stay, a failed run's too.
    trap 'mv -f "$run/results.tsv" "$work/results$suffix.tsv" 2>/dev/null; rm -rf "$run"' EXIT
else
    work=$(mktemp -d "${TMPDIR:-/tmp}/sting-compare-XXXXXX") run=$work/run
    mkdir "$run"
    trap 'rm -rf "$work"' EXIT
fi

bench_project=$here/bench/StingBackup.Bench
built=$(dotnet build -c Release -nologo "$bench_project" 2>&1) || { echo "$built" >&2; fail "$bench_project does not build."; }
bench() { dotnet "$bench_project/bin/Release/net10.0/StingBackup.Bench.dll" "$@"; }

results=$run/results.tsv log=$run/log tree=$run/tree
record() { local IFS=$'\t'; echo "$*" >>"$results"; }   # corpus round tool step seconds cpu peak_kib bytes outcome

# What the tools see of this machine is the run's own folder, nothing of the user's.
export STATE=$run/state TREE=$tree DEST=$run/restored
export RESTIC_PASSWORD=measured RESTIC_REPOSITORY=$STATE/restic/repository RESTIC_CACHE_DIR=$STATE/restic/cache
export BORG_PASSPHRASE=measured BORG_REPO=$STATE/borg/repository BORG_BASE_DIR=$STATE/borg/home
export XDG_CONFIG_HOME=$STATE/sting/config XDG_STATE_HOME=$STATE/sting/state XDG_CACHE_HOME=$STATE/sting/cache XDG_DATA_HOME=$STATE/sting/data
export STING_CONFIG=$STATE/sting/sting-backup.yaml PATH=$here/out/bin:$PATH
unset STING_BACKUP_CONFIG STING_BACKUP_PASSPHRASE

# One function for each tool and step. All encrypt; all compress with zstd at about the same effort.
init_sting() {
    sting-backup init --no-passphrase --backup-root "$STATE/sting/repository" --reserve "$TREE" --config "$STING_CONFIG" \
        --key-directory "$STATE/sting/keys" --state-directory "$STATE/sting/state" --cache-directory "$STATE/sting/cache" --log-directory "$STATE/sting/logs" --setting=performance.cpu_limit=none   # the others are not held back either
}
first_sting() { sting-backup full --config "$STING_CONFIG"; }
unchanged_sting() { sting-backup incremental --config "$STING_CONFIG"; }
changed_sting() { sting-backup incremental --config "$STING_CONFIG"; }
restore_sting() { sting-restore full --date latest --destination "$DEST" --confirm --config "$STING_CONFIG"; }
verify_sting() { sting-backup verify --level data --config "$STING_CONFIG"; }

init_restic() { restic init --quiet --repository-version 2; }
first_restic() { cd "$TREE" && restic backup --quiet --compression auto .; }
unchanged_restic() { first_restic; }
changed_restic() { first_restic; }
restore_restic() { restic restore latest --quiet --target "$DEST"; }
verify_restic() { restic check --quiet --read-data; }

init_borg() { borg init --encryption repokey; }   # SHA-256 has instructions of its own on most processors, BLAKE2 has none
first_borg() { cd "$TREE" && borg create --compression zstd,3 ::first .; }
unchanged_borg() { cd "$TREE" && borg create --compression zstd,3 ::unchanged .; }
changed_borg() { cd "$TREE" && borg create --compression zstd,3 ::changed .; }
restore_borg() { cd "$DEST" && borg extract ::changed; }
verify_borg() { borg check --verify-data; }

init_tar() { mkdir -p "$STATE/tar/repository"; }
first_tar() {
    set -o pipefail
    tar --format=posix -C "$TREE" -cf - . | zstd -q -3 -T2 | openssl enc -aes-256-ctr -pbkdf2 -pass pass:measured -out "$STATE/tar/repository/all.tar.zst.enc"
}
open_tar() { openssl enc -d -aes-256-ctr -pbkdf2 -pass pass:measured -in "$STATE/tar/repository/all.tar.zst.enc"; }
restore_tar() { set -o pipefail; open_tar | zstd -q -dc | tar -C "$DEST" -xpf -; }
verify_tar() { set -o pipefail; open_tar | zstd -q -t; }
for tool in "${tools[@]}"; do
    for step in init first unchanged changed restore verify; do
        if declare -F "${step}_$tool" >/dev/null; then export -f "${step}_${tool?}"; fi
    done
done
export -f open_tar first_restic

# The same to a bucket. The server keeps everything in memory and starts anew for each round, so that none meets what others left.
s3first_sting() { sting-backup full --config "$STING_CONFIG"; }
s3restore_sting() { rm -rf "$XDG_CACHE_HOME"/*; sting-restore full --date latest --destination "$DEST" --confirm --config "$STING_CONFIG"; }
s3first_restic() { cd "$TREE" && restic -r "$S3_RESTIC" -o s3.bucket-lookup=path backup --quiet --compression auto .; }
s3restore_restic() { restic -r "$S3_RESTIC" -o s3.bucket-lookup=path restore latest --quiet --target "$DEST"; }
export -f s3first_sting s3restore_sting s3first_restic s3restore_restic

start_s3() {
    local word endpoint access secret bucket
    coproc SERVER { bench s3; }
    read -r word endpoint access secret <&"${SERVER[0]}" && [[ $word == ready ]] || fail "the S3 server does not start."
    echo bucket >&"${SERVER[1]}" && read -r word bucket <&"${SERVER[0]}"
    export AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret S3_RESTIC=s3:$endpoint/$bucket/restic
    mkdir -p "$STATE/sting" "$STATE/restic"
    restic -r "$S3_RESTIC" -o s3.bucket-lookup=path init --quiet --repository-version 2 >"$log" 2>&1 || { cat "$log" >&2; fail "restic could not make its repository in the bucket."; }
    sting-backup init --no-passphrase --backup-root "s3://$bucket/sting" --reserve "$TREE" --config "$STING_CONFIG" --key-directory "$STATE/sting/keys" --state-directory "$STATE/sting/state" --cache-directory "$STATE/sting/cache" \
        --log-directory "$STATE/sting/logs" "--setting=remote.endpoint=$endpoint" --setting=remote.credentials=environment --setting=performance.bandwidth_limit=none --setting=performance.cpu_limit=none >"$log" 2>&1 || { cat "$log" >&2; fail "sting could not make its repository in the bucket."; }
}
stop_s3() {
    local pid=$SERVER_PID
    eval "exec ${SERVER[1]}>&-"
    wait "$pid" || true
}

run_s3() {   # CORPUS
    local round tool bytes
    for ((round = 1; round <= runs; round++)); do
        cp -a --reflink=auto "$work/$1$suffix" "$tree"
        tree_hash=$(bench tree-hash "$tree")
        bytes=$(tree_size "$tree")
        start_s3
        for tool in $(in_turn "$round"); do
            [[ $tool == sting || $tool == restic ]] || continue
            measure "$1" "$round" "$tool" s3first "$tree" "$STATE" "$bytes" || continue
            mkdir "$DEST"
            measure "$1" "$round" "$tool" s3restore "$STATE" "$DEST" "$bytes" || true
            set_aside "$DEST"
        done
        stop_s3
        set_aside "$STATE"
        set_aside "$tree"
    done
}

repository_size() { du --summarize --apparent-size --block-size=1 "$STATE/$1/repository" | cut -f1; }
tree_size() { find "$1" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%.0f\n", n }'; }
warm() { find "$1" -type f -print0 | xargs -0 -r cat >/dev/null; }

# measure CORPUS ROUND TOOL STEP READS WRITES BYTES: times one step, the sync of what it wrote included.
measure() {
    local corpus=$1 round=$2 tool=$3 step=$4 reads=$5 writes=$6 bytes=$7 start end outcome=ok user system peak
    sync -f "$run"
    warm "$reads"
    start=$EPOCHREALTIME
    # shellcheck disable=SC2016  # the inner shell expands these
    /usr/bin/time -q -o "$run/time" -f '%U %S %M' bash -c '"$1" && sync -f "$2"' _ "${step}_$tool" "$writes" >"$log" 2>&1 || outcome=failed
    end=$EPOCHREALTIME
    read -r user system peak < <(tail -1 "$run/time")
    if [[ $outcome == ok && $step == *restore ]] && ! same_tree; then
        outcome=void
    fi
    record "$corpus" "$round" "$tool" "$step" "$(awk "BEGIN { print $end - $start }")" "$(awk "BEGIN { print $user + $system }")" "$peak" "$bytes" "$outcome"
    printf '%-8s run %d  %-7s %-10s %8.2f s  %s\n' "$corpus" "$round" "$tool" "$step" "$(awk "BEGIN { print $end - $start }")" "$outcome"
    if [[ $outcome == failed ]]; then
        echo "    ${step}_$tool failed; its last words:" >&2
        tail -15 "$log" | sed 's/^/    /' >&2
        return 1
    fi
}

# Compares what was restored with the tree as it is now. A program may put the tree below a folder of its own.
same_tree() {
    local root=$DEST entries
    while [[ ! -e $root/users ]]; do
        mapfile -t entries < <(find "$root" -mindepth 1 -maxdepth 1)
        [[ ${#entries[@]} == 1 && -d ${entries[0]} ]] || break
        root=${entries[0]}
    done
    [[ $(bench tree-hash "$root") == "$tree_hash" ]] && return
    echo "    what was restored differs; the first lines:" >&2
    diff <(bench tree-hash "$tree" --list) <(bench tree-hash "$root" --list) | head -6 | sed 's/^/    /' >&2 || true
    return 1
}

# ext4 gives out no inode again within a minute of its removal, and whoever makes files meanwhile pays for passing over each (recently_deleted() in
# fs/ext4/ialloc.c): a restore after the removal of 100,000 files took four times as long. So files are only emptied, which gives their room back,
# and removed where nothing is measured for a while.
set_aside() {
    mkdir -p "$run/aside"
    mv "$1" "$(mktemp -d "$run/aside/XXXXXX")"
    find "$run/aside" -type f -size +0 -print0 | xargs -0 -r truncate --size 0
}
clear_aside() {
    rm -rf "$run/aside"
    sync -f "$run"
}

measure_restore() {
    mkdir "$DEST"
    measure "$1" "$2" "$3" restore "$STATE/$3/repository" "$DEST" "$bytes" || true
    set_aside "$DEST"
    measure "$1" "$2" "$3" verify "$STATE/$3/repository" "$STATE" "$bytes" || true
}

prepare() {   # TOOL: an empty repository
    mkdir -p "$STATE/$1"
    "init_$1" >"$log" 2>&1 || { cat "$log" >&2; fail "$1 could not make its repository."; }
}

in_turn() {   # ROUND: the tools, another one first each time
    local i
    for ((i = 0; i < ${#tools[@]}; i++)); do echo "${tools[(i + $1 - 1) % ${#tools[@]}]}"; done
}

run_corpus() {
    local corpus=$1 round tool alive bytes
    for ((round = 1; round <= runs; round++)); do
        alive=()
        cp -a --reflink=auto "$work/$corpus$suffix" "$tree"
        tree_hash=$(bench tree-hash "$tree")
        bytes=$(tree_size "$tree")
        for tool in $(in_turn "$round"); do
            prepare "$tool"
            measure "$corpus" "$round" "$tool" first "$tree" "$STATE" "$bytes" || continue
            record "$corpus" "$round" "$tool" size 0 0 0 "$(repository_size "$tool")" ok
            if [[ $tool == tar ]]; then   # has no memory: each of its backups is a first one
                measure_restore "$corpus" "$round" tar
                continue
            fi
            measure "$corpus" "$round" "$tool" unchanged "$tree" "$STATE" "$bytes" || continue
            alive+=("$tool")
        done
        bench change "$corpus" "$tree" "$round"
        tree_hash=$(bench tree-hash "$tree")
        bytes=$(tree_size "$tree")
        for tool in "${alive[@]}"; do
            measure "$corpus" "$round" "$tool" changed "$tree" "$STATE" "$bytes" || continue
            measure_restore "$corpus" "$round" "$tool"
        done
        set_aside "$STATE"
        set_aside "$tree"
    done
}

# The size that sharing content between people has no part in: the same reserve without what two people hold alike.
run_apart() {
    local tool
    cp -a --reflink=auto "$work/fixture-apart$suffix" "$tree"
    for tool in "${tools[@]}"; do
        prepare "$tool"
        # In a shell of its own: some of them change the folder.
        if ("first_$tool") >"$log" 2>&1; then
            record fixture 1 "$tool" apart 0 0 0 "$(repository_size "$tool")" ok
        else
            record fixture 1 "$tool" apart 0 0 0 0 failed
            tail -15 "$log" >&2
        fi
    done
    set_aside "$STATE"
    set_aside "$tree"
}

corpus_of() {   # NAME KIND SCALE OPTIONS: builds it once
    local name=$1 kind=$2 scale=$3
    shift 3
    [[ -d $work/$name$suffix ]] && return
    rm -rf "$work/.building"
    bench corpus "$kind" "$work/.building" --scale "$scale" "$@"
    mv "$work/.building" "$work/$name$suffix"
}

# A version's first line, or a dash where the program does not say.
version() { { "$@" 2>/dev/null || true; } | head -1 | grep . || echo "$1 –"; }
machine() {
    local cpu memory
    cpu=$(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo)
    memory=$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)
    echo "Measured on $(date -u +%F): ${cpu:-$(uname -m)}, $(nproc) cores, $memory GiB of memory, Linux $(uname -r | cut -d- -f1), $(df --output=fstype "$run" | tail -1) file system."
    echo "$(for tool in "${tools[@]}"; do
        case $tool in
            sting) version sting-backup --version ;;
            tar) version tar --version; version zstd --version | sed -E 's/.*(v[0-9.]+).*/zstd \1/'; version openssl version | sed 's/ (.*//' ;;
            restic) version restic version ;;
            borg) version borg --version ;;
        esac
    done | paste -sd';' | sed 's/;/; /g')."
    echo "Median of $runs $( ((runs == 1)) && echo run || echo runs), with the shortest and the longest; 1 MB is a million bytes."
    [[ -z $quick ]] || echo "**Quick: small corpora, one run. Shows that the lanes work, nothing more.**"
}

declare -A scale=([fixture]=1 [small]=1 [large]=1)
if [[ $quick ]]; then
    suffix=-quick
    scale=([fixture]=0.05 [small]=0.02 [large]=0.03)
fi
for corpus in "${corpora[@]}"; do
    corpus_of "$corpus" "$corpus" "${scale[$corpus]}"
    [[ $corpus != fixture || $s3 == only ]] || corpus_of fixture-apart fixture "${scale[fixture]}" --apart
done
for corpus in "${corpora[@]}"; do
    if [[ -d $run/aside ]]; then
        clear_aside
        [[ $quick ]] || sleep 65
    fi
    [[ $s3 == only ]] || run_corpus "$corpus"
    if [[ $corpus == fixture ]]; then
        [[ $s3 == only ]] || run_apart
        [[ ! $s3 ]] || run_s3 fixture
    fi
done
echo
machine >"$run/machine.txt"
bench report "$results" "$run/machine.txt" ${docs:+--into "$docs"}
