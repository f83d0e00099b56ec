#!/usr/bin/env bash
# A runbook that is killed with kill -9 at moments all over its run, and gone on with, must come to the same result as one that nobody stops: the standby takes over after the disks are lost, each round anew.
#   --rounds N   runs; 20 unless told                 --seed N   repeats a run
#   --work DIR   where to work                        --keep     leaves everything behind

default_rounds=20
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"

mkdir -p "$reserve/users/ada" "$reserve/jars/j1" "$work/remote"
for ((i = 0; i < 40; i++)); do
    random 300000
    head -c "$REPLY" /dev/urandom >"$reserve/users/ada/file-$i"
done
echo "planted by seed $seed" >"$reserve/jars/j1/readme.md"
new_repository || { fail "init exited with $?"; soak_end; }
sed -i -e "s|^remote:\$|remote:\n  location: $work/remote|" -e "s|^local:\$|local:\n  max_percent: 100|" -e "s|^disaster:\$|disaster:\n  standby_host: $(hostname)|" "$config"
run sting-backup full --config "$config" || { fail "the backup exited with $?"; soak_end; }
run sting-backup sync --config "$config" || { fail "the sync exited with $?"; soak_end; }
cp -a "$reserve" "$work/kept"
recover() { sting-backup recover --scenario=hardware-failure --fenced --schedule-kind=cron "--schedule-directory=$work/cron" "--run-id=$1" --config "$config" --confirm --quiet; }

kills=0
for ((round = 1; round <= rounds; round++)); do
    rm -rf "$reserve" "$repository" "$work/cache" "$work/cron"
    mkdir -p "$work/cron"
    for ((attempt = 1; attempt <= 12; attempt++)); do
        recover "round-$round" >"$log" 2>&1 </dev/null &
        child=$!
        # The first second is the program's start; a whole run takes a few.
        random 3500
        sleep "$(printf '%d.%03d' $(((REPLY + 500) / 1000)) $(((REPLY + 500) % 1000)))"
        if kill -9 "$child" 2>/dev/null; then kills=$((kills + 1)); fi
        wait "$child" 2>/dev/null
        child=''
        grep -q '"what":"end"' "$work"/state/runbooks/HardwareFailure-"round-$round".jsonl 2>/dev/null && break
    done
    recover "round-$round" >"$log" 2>&1 </dev/null && pass || { fail "round $round: the last go exited with $?"; continue; }
    diff -r "$reserve" "$work/kept" >"$log" 2>&1 && pass || fail "round $round: what came back differs"
    run sting-backup verify --config "$config" && pass || fail "round $round: the repository is not whole"
    # The record of that goes along too: what stands on the lost tier alone would be missed in the next round, rightly.
    run sting-backup sync --config "$config" || fail "round $round: the sync exited with $?"
done
echo "$kills kills"
soak_end
