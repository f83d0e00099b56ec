#!/usr/bin/env bash
# Writers commit to a private PostgreSQL while the receiver of its write-ahead log, and every second time the database too, is killed with SIGKILL at
# random moments. At last the database is destroyed and restored from its base backup and the spool: every commit that a writer was told of must be there.
#   --rounds N   kills; 20 unless told; 500 commits for each     --seed N   repeats a run
#   --work DIR   where to work                                   --keep     leaves the log behind

default_rounds=20
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"

tests_dll=$root/tests/StingBackup.Engine.Tests/bin/Release/net10.0/StingBackup.Engine.Tests.dll
[[ -f $tests_dll ]] || cannot "not built: dotnet build -c Release"
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || cannot "PostgreSQL's server is not installed"

export TMPDIR=$work
# Its server runs as another user.
chmod 711 "$work"
if dotnet "$tests_dll" wal-commits $((500 * rounds)) "$rounds" "$seed" >"$log" 2>&1 </dev/null; then
    pass
    tail -1 "$log"
else
    fail "commits were lost, or the run broke off"
fi
soak_end
