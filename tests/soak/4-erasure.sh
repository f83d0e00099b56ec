#!/usr/bin/env bash
# Erases one of many people. Nothing in the packs may change, the person's backups must open for nobody, the neighbours' must come back as they were,
# and an old copy of the key store, put back, must not bring the person back. Says how long it took.
#   --rounds N   thousands of people; 100 unless told     --seed N   repeats a run
#   --work DIR   where to work                            --keep     leaves everything behind
# In short (under 50 rounds) there are a tenth of the people, and two neighbours instead of five: the same steps, and no measure of time.

default_rounds=100
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
people=$((rounds < 50 ? rounds * 100 : rounds * 1000)) neighbours=$((rounds < 50 ? 2 : 5))

# person N: sets id, and text: what stands in the file.
person() { printf -v id 'p%06d' "$1"; text="what person $1 wrote, planted by seed $seed"; }

mkdir -p "$reserve/users"
for ((i = 0; i < people; i++)); do
    person "$i"
    mkdir "$reserve/users/$id" && echo "$text" >"$reserve/users/$id/diary.txt"
done
new_repository || { fail "init exited with $?"; soak_end; }
sed -i 's/# delay_days: 7/delay_days: 0/' "$config"
run sting-backup full --config "$config" || { fail "the backup exited with $?"; soak_end; }
packs() { (cd "$repository" && find . -path '*/data/*' -type f -o -path '*/meta/*' -type f | LC_ALL=C sort | xargs sha256sum); }
packs >"$work/packs"
cp -a "$work/data/keys" "$work/old-keys"

random "$people"
victim=$REPLY
person "$victim"
erased=$id planted=$text
# A second identity approves it.
echo "the officer's own words" >"$work/officer.pass"
run sting-backup approver-new --name=officer "--key-file=$work/officer.approver" "--approver-passphrase-file=$work/officer.pass" || { fail "approver-new exited with $?"; soak_end; }
run sting-backup approver-add "--public-file=$work/officer.approver.pub" --config "$config" --confirm || { fail "approver-add exited with $?"; soak_end; }
code=0
run sting-backup erase "--user=$erased" --config "$config" --confirm || code=$?
((code == 4)) && pass || fail "without an approval erase exited with $code"
run sting-backup approve --path="$(echo "$work"/state/approvals/*.request)" "--key-file=$work/officer.approver" "--approver-passphrase-file=$work/officer.pass" --confirm || { fail "approve exited with $?"; soak_end; }
run sting-backup erase "--user=$erased" --config "$config" --confirm || { fail "erase exited with $?"; soak_end; }
start=${EPOCHREALTIME/./}
run sting-backup erase-due --config "$config" --confirm || { fail "erase-due exited with $?"; soak_end; }
echo "one of $people erased in $(((${EPOCHREALTIME/./} - start) / 1000)) ms, the program's start included: $(grep -E '^Took' "$log")"
grep -q 'Completed' "$log" || fail "it is not complete"
pass

packs | cmp -s - "$work/packs" && pass || fail "a pack was changed"
code=0
run sting-restore user "--email=$erased" --destination "$work/gone" --config "$config" || code=$?
((code == 1)) && grep -q SubjectErased "$log" && [[ ! -e $work/gone ]] && pass || fail "the erased person's restore exited with $code"
for ((i = 0; i < neighbours; i++)); do
    random "$people"
    ((REPLY != victim)) || continue
    person "$REPLY"
    rm -rf "$work/back"
    run sting-restore user "--email=$id" --destination "$work/back" --config "$config" || { fail "neighbour $id: the restore exited with $?"; continue; }
    [[ $(cat "$work/back/users/$id/diary.txt") == "$text" ]] && pass || fail "neighbour $id came back otherwise"
done
run sting-backup verify --level structure --config "$config" && pass || fail "verify exited with $?"

# A thief puts the old key store in the place of today's; the epoch places are as they are now.
cp -a "$work/data/keys" "$work/new-keys"
for store in store store-2; do rm -rf "$work/data/keys/$store" && cp -a "$work/old-keys/$store" "$work/data/keys/$store"; done
code=0
run sting-restore user "--email=$erased" --destination "$work/gone" --config "$config" || code=$?
((code != 0)) && [[ ! -e $work/gone ]] && pass || fail "with an old key store the restore exited with $code"
rm -rf "$work/data/keys" && mv "$work/new-keys" "$work/data/keys"
! grep -rqF "$planted" "$repository" "$work/data" "$work/state" "$work/cache" && pass || fail "what the person wrote stands somewhere in the clear"
soak_end
