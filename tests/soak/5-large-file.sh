#!/usr/bin/env bash
# One file of more than 5 GB, without holes, goes to the local tier and to a real S3 server (Ceph). No object on either is longer than 5 GB. Then half of the local packs are lost: the file must come back byte by byte, in
# parts from both tiers, and the repository must say which packs it misses.
#   --rounds N   megabytes; 5100 unless told, and never fewer than 60     --seed N   repeats what is drawn
#   --work DIR   where to work: it takes three times the file             --keep     leaves everything behind

default_rounds=5100
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
megabytes=$((rounds < 60 ? 60 : rounds))
for program in ceph-mon ceph-mgr ceph-osd radosgw; do [[ -x /usr/bin/$program ]] || cannot "needs Ceph's S3 server: apt-get install ceph-mon ceph-mgr ceph-osd radosgw"; done
[[ $(type -P openssl) ]] || cannot "needs openssl, which makes the file"
(($(df --output=avail -m "$work" | tail -1) > 4 * megabytes)) || cannot "needs $((4 * megabytes)) MB of room in $work"

coproc SERVER { bench s3; }
server_in=${SERVER[1]}
trap 'kill $(jobs -p) 2>/dev/null; eval "exec ${server_in}>&-"; wait 2>/dev/null; [[ ${keep_all:-} ]] || rm -rf "$work"' EXIT
[[ " $* " != *' --keep '* ]] || keep_all=1
read -r word endpoint access secret <&"${SERVER[0]}" && [[ $word == ready ]] || { fail "no S3 server"; soak_end; }
echo bucket >&"$server_in" && read -r word bucket <&"${SERVER[0]}" && [[ $word == bucket ]] || { fail "no bucket"; soak_end; }
export AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret

# check WHAT: whether the command before it succeeded.
check() { if (($? == 0)); then pass; else fail "$1"; fi; }

# The same bytes whenever they are asked for: a key stream of the seed's.
content() { openssl enc -aes-256-ctr -K "$(printf '%064x' "$seed")" -iv "$(printf '%032x' 1)" </dev/zero 2>/dev/null | head -c $((megabytes * 1000000 + 12345)); }

file=$reserve/users/7/large.bin
mkdir -p "$(dirname "$file")"
content >"$file"
(($(stat -c '%b * %B' "$file" | bc 2>/dev/null || stat -c '%b' "$file" | awk '{ print $1 * 512 }') >= megabytes * 1000000))
check "the file has holes"
run sting-backup init --no-passphrase --backup-root "$repository" --reserve "$reserve" --config "$config" --key-directory "$work/data/keys" --state-directory "$work/state" --cache-directory "$work/cache" --log-directory "$work/data/logs" \
    "--setting=remote.location=s3://$bucket/far" "--setting=remote.endpoint=$endpoint" --setting=remote.credentials=environment --setting=performance.bandwidth_limit=none --setting=performance.cpu_limit=none --setting=local.max_percent=100
check "init exited with an error"
started=$SECONDS
run sting-backup full --config "$config"
check "the backup exited with an error"
run sting-backup sync --tier=remote --config "$config"
check "the sync exited with an error"
echo "$megabytes MB backed up and on both tiers after $((SECONDS - started)) s"
longest=$(find "$repository" -type f -printf '%s\n' | sort -n | tail -1)
((longest > 0 && longest <= 5000000000))
check "an object of the local tier has $longest bytes"
run sting-backup verify --tier=remote --level=structure --config "$config"
check "the remote tier is not whole"

mapfile -t packs < <(find "$repository/data" -type f | sort)
lost=0
random 2
for ((i = REPLY; i < ${#packs[@]}; i += 2)); do rm -f "${packs[i]}" && lost=$((lost + 1)); done   # packs lie in the order of their hashes
rm -f "$file"   # what is compared with is made anew from the seed
((lost > 0 && lost < ${#packs[@]}))
check "$lost of ${#packs[@]} packs were lost, so that not both tiers are read"
started=$SECONDS
restore_to "$work/restored"
check "the restore exited with an error"
echo "restored in $((SECONDS - started)) s, $lost of ${#packs[@]} packs from the remote tier"
cmp <(content) "$(restored_root "$work/restored")/users/7/large.bin"
check "the file came back with other bytes"
soak_end
