#!/usr/bin/env bash
# Measures sting-backup, restic, borg, tar | zstd | openssl, and the sum of the engine's primitives side by side, on the same corpora, in one run. Needs Linux. See --help.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    cat <<'TEXT'
bench/compare.sh [options]
  --runs N            timed runs of each step; 5 unless told, 3 on the corpus of a million files
  --corpus LIST       fixture,small,large,million,start (the default: all). start: what the module adds to PowerShell's start
  --rows LIST         first,unchanged,changed,restore,verify,onefile,apart; without it all, but one file on the million alone. A first
                      backup is always made, except on the million, whose repositories stay in --work
  --tools LIST        sting,restic,borg,tar,primitives (the default: all)
  --s3                also backs the fixture up to a real S3 server (Ceph) on this machine, and restores it: sting and restic
  --s3-only           nothing but that
  --quick             one run on small corpora: shows that the lanes work, not how fast they are; writes no document
  --work DIR          keeps corpora and results there, for the next time; without it a temporary folder, removed at the end
  --program DIR       the folder with the sting-backup and sting-restore that are measured, as of an unpacked package; out/bin unless told
  --no-build          takes the bench's own program as it was built last
  --report            measures nothing: writes the document from what --work has kept
  --docs FILE         whose measured section is replaced; docs/benchmarks.md unless told. Pictures go to images/ beside it
  --no-docs           prints only

Every run: the corpus is copied; each tool in turn (another one first each time) makes a first backup and an unchanged one; 5 % of
the copy changes; each tool in turn backs up the change, restores it, and verifies with data. Before each timed step dirty pages are
written and what it reads is read once; each timed step ends with a sync of the file system that it wrote to. Each restored tree is
compared with the copy by a hash over names, contents, modes, owners, times and links; one that differs makes its row void.

One corpus or row can be measured at a time: with --work each call keeps its results in DIR/results, and the document is made from all
of them: of each step the newest call, and with it other calls of the same build on the same machine. A call that is interrupted keeps
what it has as *.interrupted, which no document is made from.

Needs about 40 GB of disk at full size, and restic, borg, zstd, openssl, GNU tar and GNU time: apt-get install restic borgbackup zstd openssl time
TEXT
}

runs='' corpora=fixture,small,large,million,start rows=all tools=sting,restic,borg,tar,primitives
quick='' s3='' suffix='' work='' report='' build=1 programs=$here/out/bin docs=$here/docs/benchmarks.md
fail() { echo "compare.sh: $*" >&2; exit 2; }
while (($#)); do
    case $1 in
        --runs | --corpus | --rows | --tools | --work | --program | --docs) (($# > 1)) || fail "$1 needs a value." ;;&
        --runs) runs=$2; shift ;;
        --corpus) corpora=$2; shift ;;
        --rows) rows=$2; shift ;;
        --tools) tools=$2; shift ;;
        --work) work=$2; shift ;;
        --program) programs=$2; shift ;;
        --docs) docs=$2; shift ;;
        --no-docs) docs= ;;
        --s3) s3=1 ;;
        --s3-only) s3=only corpora=fixture ;;
        --quick) quick=1 runs=1 docs= suffix=-quick ;;
        --no-build) build= ;;
        --report) report=1 ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "'$1' is no option." ;;
    esac
    shift
done
[[ ! $runs || $runs =~ ^[1-9][0-9]*$ ]] || fail "--runs takes a number from 1."
IFS=, read -ra corpora <<<"$corpora"
IFS=, read -ra tools <<<"$tools"
IFS=, read -ra chosen <<<"$rows"
((${#corpora[@]} && ${#tools[@]} && ${#chosen[@]})) || fail "--corpus, --tools and --rows take a list."
for corpus in "${corpora[@]}"; do [[ $corpus =~ ^(fixture|small|large|million|start)$ ]] || fail "'$corpus' is no corpus."; done
for tool in "${tools[@]}"; do [[ $tool =~ ^(sting|restic|borg|tar|primitives)$ ]] || fail "'$tool' is no tool."; done
for row in "${chosen[@]}"; do [[ $row =~ ^(all|first|unchanged|changed|restore|verify|onefile|apart)$ ]] || fail "'$row' is no row."; done
[[ -z $docs || -f $docs ]] || fail "'$docs' is not there; its measured section cannot be replaced (--no-docs prints only)."
[[ ! $report || $work ]] || fail "--report needs --work, where results were kept."

bench_project=$here/bench/StingBackup.Bench
export BENCH=$bench_project/bin/Release/net10.0/StingBackup.Bench.dll
bench() { dotnet "$BENCH" "$@"; }
build_bench() {
    local told
    [[ ! $build ]] || told=$(dotnet build -c Release -nologo "$1" 2>&1) || { echo "$told" >&2; fail "$1 does not build."; }
}
for part in tools measure corpora start s3; do
    # shellcheck source=/dev/null
    source "$here/bench/lib/$part.sh"
done
[[ ! -d $programs ]] || programs=$(cd "$programs" && pwd)
export PATH=$programs:$PATH
[[ $report ]] || require_tools "${tools[@]}" $([[ ! " ${corpora[*]} " == *\ start\ * ]] || echo sting)
build_bench "$bench_project"

if [[ $work ]]; then
    mkdir -p "$work" && work=$(cd "$work" && pwd)
    kept=$work/results$suffix run=$work/run
    [[ ! -e $run || $report ]] || fail "'$run' is left from another run; remove it."
else
    work=$(mktemp -d "${TMPDIR:-/tmp}/sting-compare-XXXXXX") run=$work/run kept=$work/results
    trap 'rm -rf "$work"' EXIT
fi

write_report() {
    local files=("$kept"/*.tsv)
    [[ -e ${files[0]} ]] || fail "no results are kept in '$kept'."
    bench report "${files[@]}" ${docs:+--into "$docs" --plots "$(dirname "$docs")/images"}
}
if [[ $report ]]; then
    write_report
    exit
fi

mkdir "$run"
mkdir -p "$kept"
results=$run/results.tsv log=$run/log tree=$run/tree stamp=$(date -u +%Y%m%dT%H%M%SZ) began=$((EPOCHSECONDS % ${#tools[@]}))
unset STING_BACKUP_CONFIG STING_BACKUP_PASSPHRASE
notes >"$results"
# What a run that failed or was interrupted has found stays too, under a name that no report takes it from.
leave() {
    [[ ! -e $results ]] || mv -f "$results" "$kept/$stamp.tsv.interrupted"
    if [[ $work == "${TMPDIR:-/tmp}"/sting-compare-* ]]; then rm -rf "$work"; else rm -rf "$run"; fi
}
trap leave EXIT
trap 'exit 130' INT TERM

declare -A scale=([fixture]=1 [small]=1 [large]=1 [million]=1)
[[ ! $quick ]] || scale=([fixture]=0.05 [small]=0.02 [large]=0.03 [million]=0.003)
asked=$runs
for corpus in "${corpora[@]}"; do
    [[ $corpus == start ]] || corpus_of "$corpus" "$corpus" "${scale[$corpus]}"
    if [[ $corpus == fixture && $s3 != only ]] && wants apart; then corpus_of fixture-apart fixture "${scale[fixture]}" --apart; fi
done
for corpus in "${corpora[@]}"; do
    runs=${asked:-$([[ $corpus == million ]] && echo 3 || echo 5)}
    if [[ -d $run/aside ]]; then
        clear_aside
        [[ $quick ]] || sleep 65
    fi
    case $corpus in
        start) run_start ;;
        million) run_million ;;
        *) [[ $s3 == only ]] || run_corpus "$corpus" ;;
    esac
    if [[ $corpus == fixture ]]; then
        [[ $s3 == only ]] || ! wants apart || run_apart
        [[ ! $s3 ]] || run_s3 fixture
    fi
done
mv "$results" "$kept/$stamp.tsv"
echo
write_report
