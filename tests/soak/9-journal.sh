#!/usr/bin/env bash
# Runs by the journal of changes, long: random deeds of files against full scans in the tests of the engine, by fanotify and inotify; then a daemon that is killed with SIGKILL at random moments while files
# change. After each run what it backed up must restore as the reserve is, whether it went by the journal or scanned everything; and both must have happened.
#   --rounds N   kills; 40 unless told (the tests' rounds are ten times that)     --seed N   repeats a run
#   --work DIR   where to work              --keep     leaves reserve, repository and log behind

default_rounds=40
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"

if ((rounds < 10)); then
    :   # the short form of the deeds is among the engine tests
elif STING_SOAK_ROUNDS=$((rounds * 10)) STING_SOAK_SEED=$seed run dotnet test -c Release --no-build "$root/tests/StingBackup.Engine.Tests" --filter 'FullyQualifiedName~ChangeJournalTests.Whatever_happens'; then
    pass
else
    fail "random deeds against full scans"
fi

bench corpus fixture "$reserve" --scale 0.02 --edges --seed "$seed" >"$log" 2>&1 || { fail "no sample reserve"; soak_end; }
new_repository || { fail "init exited with $?"; soak_end; }
# Runs are the soak's own: the daemon only watches.
sed -i -E '/^journal:/,/^[a-z]/s/^  # enabled: .*/  enabled: true/; /^timers:/,/^[a-z]/s/^  # (incremental|full|archive|cleanup|sync|verify|drill): .*/  \1: never/' "$config"

watches() { sting-backup status --config "$config" 2>/dev/null </dev/null | grep -Eq '(fanotify|inotify) since'; }

start_daemon() {
    sting-backup daemon --config "$config" >"$work/daemon.log" 2>&1 </dev/null &
    child=$!
    local i
    for ((i = 0; i < 60; i++)); do
        watches && return 0
        sleep 0.5
    done
    return 1
}

by_journal=0 scanned=0
one_run() {
    local where=$1
    sting-backup incremental --verbose --config "$config" >"$log" 2>&1 </dev/null || { fail "$where: the run exited with $?"; return; }
    if grep -q 'The journal of changes tells' "$log"; then
        by_journal=$((by_journal + 1))
    else
        scanned=$((scanned + 1))
    fi
    restore_to "$work/restored" || { fail "$where: the restore exited with $?"; return; }
    if [[ $(bench tree-hash "$(restored_root "$work/restored")") != "$(bench tree-hash "$reserve")" ]]; then
        diff <(bench tree-hash "$reserve" --list) <(bench tree-hash "$(restored_root "$work/restored")" --list) >"$log" 2>&1
        fail "$where: what was restored differs"
        return
    fi
    pass
}

start_daemon || { cp "$work/daemon.log" "$log"; fail "the daemon does not watch"; soak_end; }
one_run "the first run"
for ((number = 1; number <= rounds; number++)); do
    bench change fixture "$reserve" "$((seed + number))" 0.2 >"$log" 2>&1 &
    changing=$!
    if ((number % 3 == 0)); then
        random 600
        sleep "0.$(printf %03d "$REPLY")"
        stop_child
        wait "$changing" || fail "round $number: the reserve could not be changed"
        start_daemon || { cp "$work/daemon.log" "$log"; fail "round $number: the daemon does not watch"; break; }
        one_run "round $number, killed while files changed"
    else
        wait "$changing" || fail "round $number: the reserve could not be changed"
        one_run "round $number"
    fi
done
stop_child
((by_journal > 0 && scanned > 0)) || fail "$by_journal runs went by the journal, $scanned scanned everything: both must have happened"
echo "$by_journal runs by the journal, $scanned full scans"
soak_end
