#!/usr/bin/env bash
# Each page of the portal in a browser, in light and dark, at a desk and on a phone: all of axe's rules for WCAG 2.2 AA in each of the four, nothing wider than the screen, a picture of each in
# tests/StingBackup.Portal.Tests/bin/Release/net10.0/screenshots.
# The portal's tests look at each page whole in light at a desk and at its colours in dark on a phone; that is its short form, so with --rounds nothing runs here.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
if [[ ${1:-} == --rounds ]]; then
    echo "its short form, two of the four, is among the portal's tests"
    exit 78
fi
if STING_SOAK=1 dotnet test -c Release --no-build tests/StingBackup.Portal.Tests --filter 'FullyQualifiedName~OwnJourneyTests|FullyQualifiedName~AdminPageTests|FullyQualifiedName~WholeSiteTests' --logger 'console;verbosity=normal'; then
    echo "1 passed, 0 failed, 0 skipped"
else
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
