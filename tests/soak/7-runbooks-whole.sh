#!/usr/bin/env bash
# Each disaster's runbook, whole, by the programs: a STING with a real PostgreSQL server, the stand-in for Vault, folders, a local tier and a remote one in a real S3 server (Ceph), with people writing until the disaster.
# Compares by SQL rows, Vault values and file hashes, and prints the table of docs/recovery.md: time against the objective, and what was lost. Machines are namespaces of this one: disk and host name of their own, processors and loopback shared.
#   --rounds N   of three or fewer, as ./test.sh calls it, hardware failure alone, small; else all scenarios, larger       --seed N   repeats a run
#   --work DIR   where to work                        --keep     leaves everything behind
# With STING_RUNBOOKS_SCALE=0.1 the installation is another share of the full size (50 people, 2 GB) than 0.02.

default_rounds=20
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
unshare --mount --uts true 2>/dev/null || cannot "this machine lets nobody make a machine of his own (unshare --mount --uts)"
tests_dll=$root/tests/StingBackup.Engine.Tests/bin/Release/net10.0/StingBackup.Engine.Tests.dll
[[ -f $tests_dll ]] || cannot "not built: dotnet build -c Release"
[[ -x /usr/bin/radosgw ]] || cannot "needs Ceph's S3 server (apt-get install --no-install-recommends ceph-mon ceph-mgr ceph-osd radosgw)"
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || cannot "needs PostgreSQL's server"

scale=${STING_RUNBOOKS_SCALE:-0.02}
scenarios=(hardware site corruption ransomware)
if ((rounds <= 3)); then
    scale=0.002 scenarios=(hardware)
fi
for scenario in "${scenarios[@]}"; do
    if dotnet "$tests_dll" runbooks "$work" "$seed" "$scale" "$scenario" >"$log" 2>&1 </dev/null; then
        pass
        cat "$log"
    else
        fail "$scenario"
        cat "$log"
    fi
    rm -rf "${work:?}"/"$scenario"
done
soak_end
