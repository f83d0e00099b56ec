#!/usr/bin/env bash
# Renews the keys of many people: the KEK that wraps them all within a minute for 100,000, then the epoch, then one person's key. Nothing in the packs may change, restore points from before
# must come back as they were, and an old copy of the key file, put back, must open nothing. Says how long each took.
#   --rounds N   hundreds of people; 1,000 unless told    --seed N   repeats a run
#   --work DIR   where to work                            --keep     leaves everything behind
#   --all        renews the keys of all people too, one by one
# In short (under 100 rounds) it covers the same steps with fewer people, and brings back one person's files instead of three's each time; that a minute is enough for 100,000 people the full run alone shows.

all=
arguments=()
for argument in "$@"; do
    [[ $argument == --all ]] && all=1 || arguments+=("$argument")
done
default_rounds=1000
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "${arguments[@]}"
people=$((rounds < 100 ? rounds * 40 : rounds * 100)) readers=$((rounds < 100 ? 1 : 3))

# person N: sets id, and text: what stands in the file.
person() { printf -v id 'p%06d' "$1"; text="what person $1 wrote, planted by seed $seed"; }

mkdir -p "$reserve/users"
seq -f "$reserve/users/p%06.0f" 0 $((people - 1)) | xargs -d '\n' mkdir
for ((i = 0; i < people; i++)); do
    person "$i"
    echo "$text" >"$reserve/users/$id/diary.txt"
done
new_repository || { fail "init exited with $?"; soak_end; }
run sting-backup full --config "$config" || { fail "the backup exited with $?"; soak_end; }
packs() { (cd "$repository" && find . -path '*/data/*' -type f -o -path '*/meta/*' -type f | LC_ALL=C sort | xargs sha256sum); }
packs >"$work/packs"
cp -a "$work/data/keys" "$work/old-keys"

echo "the officer's own words" >"$work/officer.pass"
run sting-backup approver-new --name=officer "--key-file=$work/officer.approver" "--approver-passphrase-file=$work/officer.pass" || { fail "approver-new exited with $?"; soak_end; }
run sting-backup approver-add "--public-file=$work/officer.approver.pub" --config "$config" --confirm || { fail "approver-add exited with $?"; soak_end; }
code=0
run sting-backup rotate-key --kind=key-encryption-key --config "$config" --confirm || code=$?
((code == 4)) && pass || fail "without an approval rotate-key exited with $code"
run sting-backup approve --path="$(echo "$work"/state/approvals/*.request)" "--key-file=$work/officer.approver" "--approver-passphrase-file=$work/officer.pass" --confirm || { fail "approve exited with $?"; soak_end; }

# renew LIMIT ARGUMENTS…: how long it may take in seconds for 100,000 people (never less than ten, for the program's start); 0 for any time.
renew() {
    local limit=$1 start=${EPOCHREALTIME/./} took
    shift
    run sting-backup rotate-key "$@" --config "$config" --confirm || { fail "rotate-key $* exited with $?"; return; }
    took=$(((${EPOCHREALTIME/./} - start) / 1000))
    echo "rotate-key $* with $people people: $took ms, the program's start included; $(grep -E '^Records' "$log"); $(grep -E '^Took' "$log")"
    grep -qE '^State +: Completed$' "$log" && pass || fail "rotate-key $* is not complete"
    ((limit == 0)) || { limit=$((limit * rounds)); ((took <= (limit > 10000 ? limit : 10000))) && pass || fail "rotate-key $* took $took ms"; }
    packs | cmp -s - "$work/packs" && pass || fail "a pack was changed by rotate-key $*"
}
# readable: some people's files, from the restore point of before.
readable() {
    for ((i = 0; i < readers; i++)); do
        random "$people"
        person "$REPLY"
        rm -rf "$work/back"
        run sting-restore user "--email=$id" --destination "$work/back" --config "$config" || { fail "person $id: the restore exited with $?"; continue; }
        [[ $(cat "$work/back/users/$id/diary.txt") == "$text" ]] && pass || fail "person $id came back otherwise"
    done
}

renew 60 --kind=key-encryption-key
readable
renew 60 --kind=epoch
random "$people"
person "$REPLY"
renew 0 --kind=subject "--email=$id"
((all)) && renew 0 --kind=subject
readable
# What is written afterwards is sealed to the new key, and nothing else is stored again.
echo "written later" >"$reserve/users/$id/later.txt"
run sting-backup incremental --config "$config" && pass || fail "the backup after the rotation exited with $?"
rm -rf "$work/back"
run sting-restore user "--email=$id" --destination "$work/back" --config "$config" || fail "the restore of what was written later exited with $?"
[[ $(cat "$work/back/users/$id/later.txt") == "written later" && $(cat "$work/back/users/$id/diary.txt") == "$text" ]] && pass || fail "what was written later came back otherwise"
run sting-backup verify --level structure --config "$config" && pass || fail "verify exited with $?"

# A thief puts the old key file, and the public half of its time, in the place of today's; then the whole key directory of before, beside today's epoch places.
cp -a "$work/data/keys" "$work/new-keys"
cp -a "$work/old-keys/reserve.key" "$work/old-keys/reserve.pub" "$work/data/keys/"
code=0
run sting-restore user "--email=$id" --destination "$work/gone" --config "$config" || code=$?
((code != 0)) && [[ ! -e $work/gone/users/$id/diary.txt ]] && pass || fail "with an old key file the restore exited with $code"
for store in store store-2; do rm -rf "$work/data/keys/$store" && cp -a "$work/old-keys/$store" "$work/data/keys/$store"; done
code=0
run sting-restore user "--email=$id" --destination "$work/gone" --config "$config" || code=$?
((code != 0)) && [[ ! -e $work/gone/users/$id/diary.txt ]] && pass || fail "with an old key directory the restore exited with $code"
rm -rf "$work/data/keys" && mv "$work/new-keys" "$work/data/keys"
readable
soak_end
