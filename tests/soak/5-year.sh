#!/usr/bin/env bash
# A simulated year: the engine plays the strategy's schedule over three tiers in memory, with a clock that is turned. Runs of what is due, a full run daily, an archive run weekly, syncs, and daily retention, sweeps and
# the filling of the archive. Every day exactly the restore points that the policy promises stand; drawn ones are restored from whichever tier has them and compare equal with what was then; at the end every
# chunk that any of them reaches opens; and each tier's bytes stay within 5 % of what the linter predicted before the first run.
#   --rounds N   weeks; 52 unless told, and a day. With fewer than 52 a run each 8 hours, else each 2; with fewer than ten, as ./test.sh calls it, nothing: its short form is among the engine tests
#   --seed N     repeats what is drawn
#   --work DIR   where to work                                                                            --keep     leaves the log behind
# STING_SOAK_EVERY names other minutes between two runs, such as 15.

default_rounds=52
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
if ((rounds < 10)); then
    echo "its short form, four weeks, is among the engine tests"
    exit 78
fi

tests_dll=$root/tests/StingBackup.Engine.Tests/bin/Release/net10.0/StingBackup.Engine.Tests.dll
[[ -f $tests_dll ]] || cannot "not built: dotnet build -c Release"
export TMPDIR=$work
if dotnet "$tests_dll" year $((7 * rounds + (rounds >= 52))) "${STING_SOAK_EVERY:-$((rounds >= 52 ? 120 : 480))}" "$seed" >"$log" 2>&1 </dev/null; then
    cat "$log"
    pass
else
    cat "$log"
    fail "a prediction was missed, a restore point did not open, or the run broke off"
fi
soak_end
