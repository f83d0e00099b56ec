#!/usr/bin/env bash
# Measures the engine's stages one by one with BenchmarkDotNet, and writes the table into docs/benchmarks.md. See --help.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    cat <<'TEXT'
bench/micro.sh [options] [PATTERN]
  PATTERN       only stages whose class or method holds it (Cut, Index, FileStages.Read); such a run is printed, not written
  --docs FILE   whose section of stages is replaced; docs/benchmarks.md unless told
  --no-docs     prints only
  --no-build    takes the program as it was built last
TEXT
}
docs=$here/docs/benchmarks.md pattern='' build=1
fail() { echo "micro.sh: $*" >&2; exit 2; }
while (($#)); do
    case $1 in
        --docs) (($# > 1)) || fail "$1 needs a value."; docs=$2; shift ;;
        --no-docs) docs= ;;
        --no-build) build= ;;
        -h | --help) usage; exit 0 ;;
        -*) usage >&2; fail "'$1' is no option." ;;
        *) [[ ! $pattern ]] || fail "one pattern at a time."; pattern=$1 ;;
    esac
    shift
done
[[ ! $docs || -f $docs ]] || fail "'$docs' is not there; its section cannot be replaced (--no-docs prints only)."
project=$here/bench/micro
if [[ $build ]]; then
    told=$(dotnet build -c Release -nologo "$project" 2>&1) || { echo "$told" >&2; fail "$project does not build."; }
fi
program=$project/bin/Release/net10.0/StingBackup.Micro.dll
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
status=0
micro() { dotnet "$program" "$@" 2>>"$folder/log" || { status=$?; tail -20 "$folder/log" >&2; }; }

micro ${pattern:+"$pattern"} --append "$folder/rows"
# The search for cuts once more as a processor without vectors does it.
[[ $pattern ]] || DOTNET_EnableHWIntrinsic=0 micro ChunkStages.Cut --append "$folder/rows" --note "no vectors"
if [[ $docs && ! $pattern && $status == 0 ]]; then
    {
        echo "Measured on $(date -u +%F) at commit $(git -C "$here" describe --always --dirty=+ --exclude '*' 2>/dev/null || echo unknown):" \
            "$(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) cores, Linux $(uname -r | cut -d- -f1), .NET $(dotnet --list-runtimes | awk '/NETCore.App/ { v = $2 } END { print v }'), BenchmarkDotNet $(grep -oP 'BenchmarkDotNet" Version="\K[^"]+' "$here/Directory.Packages.props")."
        echo "One thread; median of 9 iterations, with their standard deviation."
        echo
        echo "| stage | of | time | rate | allocated |"
        echo "|---|---|--:|--:|--:|"
        cat "$folder/rows"
    } >"$folder/section"
    dotnet "$program" --into "$docs" "$folder/section"
fi
exit $status
