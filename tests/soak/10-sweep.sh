#!/usr/bin/env bash
# The fault sweep, whole: every call that a verb makes to the store of any tier fails once, in each way that a disk or a server can fail. The verb must say so with an error that names itself and what to do, or tell of it, or need
# nothing of that call; what is committed verifies with its data and restores as it was; a clean run after it gets where an undisturbed one gets; and maintenance that is run twice changes nothing the second time.
#   --rounds N   percent of the cases of each verb; 100 unless told. With three or fewer, as ./test.sh calls it, nothing: its short form is among the engine tests      --seed N   draws others
#   --work DIR   where to work                                              --keep     leaves everything behind

default_rounds=100
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
if ((rounds <= 3)); then
    echo "its short form, a draw of the cases, is among the engine tests"
    exit 78
fi
tests_dll=$root/tests/StingBackup.Engine.Tests/bin/Release/net10.0/StingBackup.Engine.Tests.dll
[[ -f $tests_dll ]] || cannot "not built: dotnet build -c Release"
export TMPDIR=$work
if dotnet "$tests_dll" fault-sweep "$rounds" "$seed" </dev/null; then pass; else fail "a verb did not bear a fault"; fi
soak_end
