#!/usr/bin/env bash
# Changes the engine's core one place at a time and runs the tests that reach the place: who notices? By dotnet-stryker, which is installed in out/tools, in a copy of the work tree (out/mutation/tree). A table, and what nobody noticed in out/mutation/<area>.
#   --area A       an area of tests/coverage/areas.txt; format unless told
#   --file F       of it those files alone whose name ends so; may be given again
#   --sample N     N stretches of ten lines, drawn from the area, instead of all of it
#   --seed S       draws others; 1 unless told
#   --tests T      these tests (a part of a full name, after StingBackup.Engine.Tests.) instead of those that areas.txt names for it; may be given again
#   --workers N    test processes at once; 2 unless told
#   --again        of the last run what nobody noticed, and what ended by time, with four minutes more: on a machine that others use it need not be the change that made it slow
#   --report       runs nothing and tells of the last run again
# Messages (string literals) are not changed, nor ConfigureAwait: no behaviour depends on them.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
list=$PWD/tests/coverage/areas.txt
area=format files=() sample=0 seed=1 tests=() workers=2 again=() run=1
version=5.1.0
usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0"; }
while (($#)); do
    case $1 in
        --area)
            grep -q "^source  *${2:-} " "$list" || { echo "'${2:-}' is no area of $list." >&2; exit 2; }
            area=$2; shift ;;
        --file) files+=("${2:?}"); shift ;;
        --tests) tests+=("${2:?}"); shift ;;
        --sample | --seed | --workers)
            [[ ${2:-} =~ ^[0-9]+$ ]] || { echo "$1 needs a number." >&2; exit 2; }
            printf -v "${1#--}" %d "$2"
            shift ;;
        --again) again=(--again) ;;
        --report) run='' ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; echo "'$1' is no option." >&2; exit 2 ;;
    esac
    shift
done
out=$PWD/out/mutation/$area tree=$PWD/out/mutation/tree tool=$PWD/out/tools/dotnet-stryker

mutate() {
    ((${#again[@]})) || rm -rf "$out"
    mkdir -p "$out" out/tools || exit 1
    [[ -x $tool ]] || dotnet tool install --tool-path out/tools dotnet-stryker --version $version >"$out/install.log" 2>&1 || { cat "$out/install.log"; exit 1; }
    ((${#tests[@]})) || mapfile -t tests < <(awk -v area="$area" '$1 == "mutant" && $2 == area { print $3 }' "$list")
    python3 tests/coverage/mutants.py plan "$list" "$area" "$out" --tree "$tree" --sample "$sample" --seed "$seed" --workers "$workers" "${again[@]}" --tests "${tests[@]}" --files "${files[@]}" || exit 1
    local temporary
    temporary=$(mktemp -d) || exit 1
    trap 'rm -rf "$temporary"' RETURN   # what a change keeps from being removed
    # Native code would be that of the unchanged program. What a build leaves running (compiler, nodes) keeps the pipe that Stryker reads its build from, and then it waits for ever. A change that grows without end must not take the machine's memory.
    (cd "$tree/tests/StingBackup.Engine.Tests" && TMPDIR=$temporary DOTNET_GCHeapHardLimit=C0000000 ReadyToRun=false UseSharedCompilation=false MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 \
        "$tool" --config-file "$out/stryker.json" --output "$out" --skip-version-check >"$out/run.log" 2>&1 </dev/null) ||
        { tail -30 "$out/run.log"; return 1; }
}

[[ ! $run ]] || mutate || exit 1
python3 tests/coverage/mutants.py tell "$list" "$area" "$out"
