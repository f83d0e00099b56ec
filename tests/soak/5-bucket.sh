#!/usr/bin/env bash
# Hosts of one repository in one bucket of a real S3 server (Ceph) back up at once, each its own state and reserve, while one sweeps by a clock that runs faster, one verifies and one erases people.
# Now and then a backup is killed. At the end every committed run must restore as the reserve was, byte by byte, less whoever was erased since; and nobody who was erased may come back.
#   --rounds N   of a second and a half (of a second when there are fewer than 40); 400 unless told, ten minutes     --seed N   repeats what is drawn
#   --work DIR   where to work                                            --keep     leaves everything behind

default_rounds=400
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
seconds=$((rounds < 40 ? rounds : rounds * 3 / 2)) writers=$((rounds < 40 ? 2 : 8)) people=$((rounds < 40 ? 4 : 24))
for program in ceph-mon ceph-mgr ceph-osd radosgw; do [[ -x /usr/bin/$program ]] || cannot "needs Ceph's S3 server: apt-get install ceph-mon ceph-mgr ceph-osd radosgw"; done

coproc SERVER { bench s3; }
server_in=${SERVER[1]} server=$SERVER_PID
trap 'kill $(jobs -p) 2>/dev/null; eval "exec ${server_in}>&-"; wait 2>/dev/null; [[ ${keep_all:-} ]] || rm -rf "$work"' EXIT
[[ " $* " != *' --keep '* ]] || keep_all=1
read -r word endpoint access secret <&"${SERVER[0]}" && [[ $word == ready ]] || { fail "no S3 server"; soak_end; }
echo bucket >&"$server_in" && read -r word bucket <&"${SERVER[0]}" && [[ $word == bucket ]] || { fail "no bucket"; soak_end; }
export AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret

# host N: sets the folders of a host.
host() { here=$work/host$1 reserve=$here/reserve config=$here/sting-backup.yaml log=$here/log; }

# Another content in the place of some files, never within one: the copy beside a run shares nothing with it.
write_some() {
    local i person
    for ((i = 0; i < $1; i++)); do
        random "$people"
        person=p$REPLY
        ! grep -qx "$person" "$work/erased" || continue
        mkdir -p "$reserve/users/$person"
        random 40
        head -c $((REPLY * 1500 + 1)) /dev/urandom >"$here/new"
        random 6
        mv "$here/new" "$reserve/users/$person/file$REPLY"
    done
}

: >"$work/erased"
mkdir -p "$work/copies" "$work/killed"
host 0
mkdir -p "$reserve/users"
for ((p = 0; p < people; p++)); do mkdir "$reserve/users/p$p" && echo "what p$p wrote, planted by seed $seed" >"$reserve/users/p$p/diary"; done
run sting-backup init --no-passphrase --backup-root "s3://$bucket/soak" --reserve "$reserve" --config "$config" --key-directory "$here/keys" --state-directory "$here/state" \
    --cache-directory "$here/cache" --log-directory "$here/logs" "--setting=remote.endpoint=$endpoint" --setting=remote.credentials=environment --setting=performance.bandwidth_limit=none --setting=performance.cpu_limit=none || { fail "init exited with $?"; soak_end; }
sed -i 's/# delay_days: 7/delay_days: 0/; s/^\( *\)#* *grace_hours: .*/\1grace_hours: 1/' "$config"
run sting-backup full --config "$config" || { fail "the first backup exited with $?"; soak_end; }
key_role=$config

approver() {
    log=$work/approver.log
    run sting-backup approver-new --name=officer "--key-file=$work/officer.approver" "--approver-passphrase-file=$work/officer.pass" &&
        run flock "$work/enrolment" sting-backup approver-add "--public-file=$work/officer.approver.pub" --config "$key_role" --confirm
}
echo "the officer's own words" >"$work/officer.pass"

enrol() {
    host "$1"
    mkdir -p "$here" && cp -a "$work/host0/reserve" "$reserve"
    sed "s|$work/host0/|$here/|g" "$key_role" >"$config"
    run sting-backup register-host --new "--host-name=writer-$1" "--output-path=$here/request" --config "$config" &&
        run flock "$work/enrolment" sting-backup register-host "--request=$here/request" "--output-path=$here/package" --count=100 --config "$key_role" &&
        run sting-backup register-host "--package=$here/package" --config "$config"
}
approver & enrolments=($!)
for ((w = 1; w <= writers; w++)); do enrol "$w" & enrolments+=($!); done
for enrolment in "${enrolments[@]}"; do wait "$enrolment" || { fail "a host or the approver could not be enrolled: $(tail -n 3 "$work"/host*/log "$work/approver.log")"; soak_end; }; done

end=$((SECONDS + seconds))

# One host's life. What it committed lies in copies/ by the run's name; how many runs it lost lies in counts.
write_on() {
    host "$1"
    RANDOM=$((seed + $1))
    local committed=0 killed=0 partly=0 code id before child
    while ((SECONDS < end)); do
        while read -r person; do rm -rf "$reserve/users/$person"; done <"$work/erased"
        write_some 4
        rm -rf "$here/copy" && cp -a "$reserve" "$here/copy"
        code=0
        random 12
        if ((REPLY == 0)); then
            sting-backup incremental --config "$config" >"$log" 2>&1 </dev/null &
            child=$!
            random 1500
            sleep "$(printf '%d.%03d' $((REPLY / 1000)) $((REPLY % 1000)))"
            kill -9 "$child" 2>/dev/null
            wait "$child" 2>/dev/null
            code=$?
        else
            run sting-backup incremental --config "$config" || code=$?
        fi
        id=$(grep -oE 'backup_[0-9]{8}_[0-9]{6}(_[a-z]+)?(_[0-9]+)?' "$log" | head -1)
        case $code in
            0 | 3) committed=$((committed + 1)); partly=$((partly + (code == 3))); [[ $id ]] && mv "$here/copy" "$work/copies/$id" || echo "$log: no run is named" >>"$work/trouble" ;;
            137) killed=$((killed + 1)) ;;
            *) echo "host $1: a backup exited with $code: $(tail -4 "$log" | tr '\n' ' ')" >>"$work/trouble" ;;
        esac
        random $((rounds < 40 ? 800 : 3000))
        sleep "$(printf '%d.%03d' $((REPLY / 1000)) $((REPLY % 1000)))"
    done
    echo "$committed $partly $killed" >"$here/counts"
}

# Verifies the whole repository over and over.
verify_on() {
    local level looks=0 code
    while ((SECONDS < end)); do
        for level in data structure; do
            code=0
            sting-backup verify "--level=$level" --config "$key_role" >"$work/verify.log" 2>&1 </dev/null || code=$?
            looks=$((looks + 1))
            ((code == 0)) || echo "verify at level $level exited with $code: $(grep -v "^[A-Z][A-Za-z]* *:" "$work/verify.log" | tail -6 | tr '\n' ' ')" >>"$work/trouble"
        done
        ((rounds < 40)) && break
        sleep 2
    done
    echo "$looks" >"$work/looks"
}

# While the sweeper has this host's lock an erasure is not complete, and says so: the next call completes it.
erase_due() {
    local try
    for ((try = 0; try < 20; try++)); do
        sting-backup erase-due --config "$key_role" --confirm >"$elog" 2>&1 </dev/null && return
        grep -q 'Another backup of this reserve runs' "$elog" || return
        sleep 1
    done
    return 1
}

# Erases one person after the other: approved by the officer, at once.
erase_on() {
    local victim code erased=0 elog=$work/erase.log
    for ((victim = people - 1; victim > 0 && SECONDS + 3 < end; victim--)); do
        echo "p$victim" >>"$work/erased"      # from now on no host has the person's files
        sleep $((rounds < 40 ? 1 : 15))
        code=0
        sting-backup erase "--user=p$victim" --config "$key_role" --confirm >"$elog" 2>&1 </dev/null || code=$?
        ((code == 4)) || echo "erase without an approval exited with $code: $(tail -3 "$elog")" >>"$work/trouble"
        sting-backup approve --path="$(ls -t "$work"/host0/state/approvals/*.request | head -1)" "--key-file=$work/officer.approver" "--approver-passphrase-file=$work/officer.pass" --confirm >"$elog" 2>&1 </dev/null &&
            sting-backup erase "--user=p$victim" --config "$key_role" --confirm >"$elog" 2>&1 </dev/null && erase_due || {
                echo "p$victim could not be erased: $(tail -6 "$elog" | tr '\n' ' ')" >>"$work/trouble"
                continue
            }
        erased=$((erased + 1))
        ((rounds >= 40 || erased < 1)) || break
    done
    echo "$erased" >"$work/erasures"
}

: >"$work/trouble"
exec {sweeper_in}> >(bench sweep "$key_role" 60 >"$work/swept" 2>"$work/sweep.log")
sweeper=$!
jobs=()
for ((w = 1; w <= writers; w++)); do write_on "$w" & jobs+=($!); done
verify_on & jobs+=($!)
erase_on & jobs+=($!)
wait "${jobs[@]}"
exec {sweeper_in}>&-
wait "$sweeper" || { cat "$work/sweep.log" >>"$work/trouble"; echo "the sweeper failed" >>"$work/trouble"; }

host 0
committed=$(cat "$work"/host*/counts | awk '{ n += $1; p += $2; k += $3 } END { print n " runs committed by '"$writers"' hosts (" p + 0 " with errors), " k + 0 " killed" }')
echo "$committed; $(tail -1 "$work/swept"); $(cat "$work/looks") verifications, $(cat "$work/erasures") people erased"
while read -r line; do fail "$line"; done <"$work/trouble"
bench restore-points "$key_role" "$work/copies" "$work/erased" "$work" >"$log" 2>&1 && pass || fail "what was committed does not all restore as it was"
tail -1 "$log"
((rounds < 40)) || { run sting-backup verify --level data --config "$key_role" && pass || fail "the last verify exited with $?"; }
soak_end
