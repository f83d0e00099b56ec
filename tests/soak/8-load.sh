#!/usr/bin/env bash
# 200 people who browse the portal and 20 who download at once, for a minute and a half, on the portal as a process of its own: 95 of 100 answers within half a second, nothing fails, memory flat.
# The portal's tests do so with a few people for three seconds; that is its short form, so with --rounds nothing runs here.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
if [[ ${1:-} == --rounds ]]; then
    echo "its short form, a few people, is among the portal's tests"
    exit 78
fi
if STING_SOAK=1 dotnet test -c Release --no-build tests/StingBackup.Portal.Tests --filter 'FullyQualifiedName~LoadTests.Many_people' --logger 'console;verbosity=detailed'; then
    echo "1 passed, 0 failed, 0 skipped"
else
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
