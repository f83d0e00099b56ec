#!/usr/bin/env bash
# Every command block of the documentation, by the built programs in processes of their own. The tests of the module run the same within their process.
# By --rounds (as ./test.sh calls it) nothing is run: the module's tests have done it.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
if [[ ${1:-} == --rounds ]]; then
    echo "DocumentationTests run the same blocks; in full length by ./test.sh --soak"
    exit 78
fi
log=$(mktemp) && trap 'rm -f "$log"' EXIT
STING_DOCS_PROGRAMS=1 dotnet test tests/StingBackup.Module.Tests -c Release --no-build --filter "FullyQualifiedName~DocumentationTests" --logger "console;verbosity=detailed" >"$log" 2>&1 </dev/null
grep -E '^ *(not run|not looked at|[0-9]+ blocks)' "$log"
passed=$(grep -cE '^ +Passed ' "$log") failed=$(grep -cE '^ +Failed ' "$log")
((failed == 0)) || grep -A12 -E '^ +Failed ' "$log"
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0 && passed > 0))
