#!/usr/bin/env bash
# A whole day of daemon time, in which the reserve goes away twice: no run is missed, none is made twice, nothing of a run stays behind.
# The engine tests run five hours of the same; that is its short form, so with --rounds nothing runs here.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
if [[ ${1:-} == --rounds ]]; then
    echo "its short form, five hours of it, is among the engine tests"
    exit 78
fi
if STING_SOAK=1 dotnet test -c Release --no-build tests/StingBackup.Engine.Tests --filter 'FullyQualifiedName~DaemonTests.A_day_and_a_night'; then
    echo "1 passed, 0 failed, 0 skipped"
else
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
