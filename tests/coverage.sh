#!/usr/bin/env bash
# Which lines and branches of the engine's core the engine's tests reach: a table by area, and what none reaches in out/coverage. Exit code 1 where an area is below 95 %.
#   --area A     that area alone, by its own tests (tests/coverage/areas.txt); may be given again. Else all areas, by the tests of all
#   --all-tests  by all tests of the engine
#   --no-build   takes what was built with -p:ReadyToRun=false: native code cannot be counted in
#   --report     runs nothing and tells of the last run again
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
out=out/coverage list=tests/coverage/areas.txt project=tests/StingBackup.Engine.Tests
areas=() all='' build=1 run=1
usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }
while (($#)); do
    case $1 in
        --area)
            grep -q "^source  *${2:-} " "$list" || { echo "'${2:-}' is no area of $list." >&2; exit 2; }
            areas+=("$2"); shift ;;
        --all-tests) all=1 ;;
        --no-build) build='' ;;
        --report) run='' ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; echo "'$1' is no option." >&2; exit 2 ;;
    esac
    shift
done
((${#areas[@]})) || mapfile -t areas < <(awk '$1 == "source" && !seen[$2]++ { print $2 }' "$list")
of_areas() { awk -v kind="$1" -v areas=" ${areas[*]} " '$1 == kind && index(areas, " " $2 " ") && !seen[$3]++ { print $3 }' "$list"; }

measure() {
    mkdir -p "$out" && rm -rf "$out/run" "$out/bin"
    dotnet restore tests/coverage/coverage.proj -v q || exit 1
    local collector filter
    collector=$(dotnet nuget locals global-packages --list | sed 's/^global-packages: *//')/coverlet.collector
    collector=$collector/$(sed -n 's/.*coverlet.collector" Version="\[\(.*\)\]".*/\1/p' tests/coverage/coverage.proj)/build/net10.0
    if [[ $build ]]; then
        dotnet build "$project" -c Release -tl:off -v q -p:ReadyToRun=false || exit 1
    fi
    cp -r "$project/bin/Release/net10.0" "$out/bin" || exit 1   # counting changes the program; what was built stays as it is
    cat >"$out/run.settings" <<TEXT
<RunSettings><DataCollectionRunSettings><DataCollectors><DataCollector friendlyName="XPlat code coverage"><Configuration>
  <Format>json</Format><Include>[StingBackup.Engine]*</Include><SingleHit>true</SingleHit><SkipAutoProps>true</SkipAutoProps><ExcludeByAttribute>GeneratedCodeAttribute</ExcludeByAttribute>
</Configuration></DataCollector></DataCollectors></DataCollectionRunSettings></RunSettings>
TEXT
    filter=$([[ $all ]] || echo "($(of_areas test | sed 's/^/FullyQualifiedName~StingBackup.Engine.Tests./' | paste -sd '|'))&")
    # Limits of counted work are those of code that counts nothing; and a child process whose system calls fail spoils the file that all write their counts into. What only such tests reach is told as unreached.
    dotnet test "$out/bin/StingBackup.Engine.Tests.dll" --collect 'XPlat Code Coverage' --test-adapter-path "$collector" --settings "$out/run.settings" --results-directory "$out/run" \
        --filter "${filter}FullyQualifiedName!~CountedWork&FullyQualifiedName!~FailureTests&FullyQualifiedName!~WrongClock" --logger 'console;verbosity=minimal' --blame-hang-timeout 5m --blame-hang-dump-type none >"$out/run.log" 2>&1 </dev/null ||
        { grep -v -e '^$' -e '\[SKIP\]' "$out/run.log" | tail -40; echo "Some tests failed; what they reached counts all the same." >&2; }
}

[[ ! $run ]] || measure
python3 tests/coverage/report.py "$list" "$out" "${areas[@]}"
