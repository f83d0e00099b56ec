#!/usr/bin/env bash
# Simulated encryptors beside simulated busy people: what share is detected, how early, and how many false alarms a month brings. Prints the table of docs/ransomware.md.
# Files are bytes in memory; the look at content, the cutter, compression, counters and the model are the engine's own. Its short form is among the engine tests, so with fewer than ten rounds nothing runs here.
#   --rounds N   trials of each encryptor; 60 unless told. As many people live for 30 days
#   --seed N     repeats what is drawn
#   --work DIR   where to work                                                                            --keep     leaves the log behind
# With STING_GUARDIAN_COST=1 it measures what watching costs of a backup instead: runs with it and without it by turns, each in a process of its own.

default_rounds=60
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
if ((rounds < 10)) && [[ ! ${STING_GUARDIAN_COST:-} ]]; then
    echo "its short form is among the engine tests"
    exit 78
fi

tests_dll=$root/tests/StingBackup.Engine.Tests/bin/Release/net10.0/StingBackup.Engine.Tests.dll
[[ -f $tests_dll ]] || cannot "not built: dotnet build -c Release"
export TMPDIR=$work
if [[ ${STING_GUARDIAN_COST:-} ]]; then
    for ((i = 0; i < rounds && i < 6; i++)); do
        for mode in off on; do
            dotnet "$tests_dll" guardian-cost $mode "$seed" </dev/null || fail "the run broke off"
        done
    done | tee "$log"
    # Median of the processor seconds of each run, and what watching adds.
    for run in first full incremental; do
        off=$(awk -v r=$run '$1 == "off" && $2 == r { print $4 }' "$log" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
        on=$(awk -v r=$run '$1 == "on" && $2 == r { print $4 }' "$log" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
        awk -v r=$run -v a="$off" -v b="$on" 'BEGIN { printf "%s: %.2f s without, %.2f s with: %+.1f %%\n", r, a, b, 100 * (b - a) / a }'
    done
    pass
elif dotnet "$tests_dll" encryptors "$seed" "$rounds" 60 30 >"$log" 2>"$work/alarms" </dev/null; then
    cat "$log"
    if [[ -s $work/alarms ]]; then
        echo "False alarms:"
        cat "$work/alarms"
    fi
    pass
else
    cat "$log"
    fail "the simulation broke off"
fi
soak_end
