#!/usr/bin/env bash
# A bare start in a network namespace of its own, with an empty environment: shares, a tier, and what the other site kept of the key store and the epoch; nothing of the lost host is in sight.
# Each round makes an installation with a remote tier, loses all of it, and must get the reserve back equal to the last byte, with backups that go on.
#   --rounds N   installations; 10 unless told, and of three or fewer, as ./test.sh calls it, one      --seed N   repeats a run
#   --work DIR   where to work                        --keep     leaves everything behind

default_rounds=10
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
((rounds > 3)) || rounds=1
unshare -n true 2>/dev/null || cannot "this machine lets nobody make a network namespace (unshare -n)"

# alone COMMAND…: nothing of this machine's network or environment; loopback alone.
alone() { unshare -n sh -c 'ip link set lo up 2>/dev/null; exec "$@"' sh env -i DOTNET_ROOT="${DOTNET_ROOT:-}" PATH="$root/out/bin:/usr/bin:/bin" "$@" >"$log" 2>&1 </dev/null; }

echo "the officer's own words" >"$work/officer.pass" && chmod 600 "$work/officer.pass"
for ((round = 1; round <= rounds; round++)); do
    rm -rf "$work"/{reserve,repository,site2,kept,shares,bare,state,cache,data,officer.approver*} "$config"
    mkdir -p "$reserve/users/ada" "$reserve/jars/j1" "$work/site2/remote"
    for ((i = 0; i < 20; i++)); do
        random 200000
        head -c "$REPLY" /dev/urandom >"$reserve/users/ada/file-$i"
    done
    echo "planted by seed $seed, round $round" >"$reserve/jars/j1/readme.md"
    new_repository || { fail "init exited with $?"; continue; }
    mv "$work/data/keys/store-2" "$work/site2/store" && mv "$work/data/keys/epoch-2" "$work/site2/epoch"
    sed -i -e "s|^keys:\$|keys:\n  replicas: [\"$work/site2/store\"]\n  epoch_places: [\"$work/data/keys/epoch\", \"$work/site2/epoch\"]|" -e "s|^remote:\$|remote:\n  location: $work/site2/remote|" -e "s|^local:\$|local:\n  max_percent: 100|" "$config"
    run sting-backup full --config "$config" || { fail "the backup exited with $?"; continue; }
    run sting-backup approver-new --name=officer "--key-file=$work/officer.approver" "--approver-passphrase-file=$work/officer.pass"
    run sting-backup approver-add "--public-file=$work/officer.approver.pub" --config "$config" --confirm
    run sting-backup escrow "--output-path=$work/shares" --config "$config" --confirm
    run sting-backup approve --path="$(echo "$work"/state/approvals/*.request)" "--key-file=$work/officer.approver" "--approver-passphrase-file=$work/officer.pass" --confirm
    run sting-backup escrow "--output-path=$work/shares" --config "$config" --confirm || { fail "the escrow exited with $?"; continue; }
    run sting-backup sync --config "$config" || { fail "the sync exited with $?"; continue; }
    cp -a "$reserve" "$work/kept"
    rm -f "$work"/shares/*share-1* "$work"/shares/*share-2* "$work"/shares/*.sealed
    rm -rf "$reserve" "$repository" "$work"/{state,cache,data} "$config"

    begin=${EPOCHREALTIME/./}
    alone sting-backup bootstrap "--location=$work/site2/remote" "--path=$work/shares" "--state-path=$work/bare" --protection=open --config "$config" --confirm
    code=$?
    # 3: what of the lost site is gone for good, its epoch place, is told.
    ((code == 0 || code == 3)) && pass || { fail "the bare start exited with $code"; continue; }
    echo "round $round: $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
    diff -r "$reserve" "$work/kept" >"$log" 2>&1 && pass || fail "what came back differs"
    echo more >"$reserve/users/ada/more.txt"
    alone sting-backup incremental --config "$config" && pass || fail "the next backup exited with $?"
done
soak_end
