#!/usr/bin/env bash
# Kills every long verb of the program with SIGKILL at random moments: backup, sync, archive, retention, prune, rotation, erasure, heal, the return of a lost tier, restore, verify. On disk, with a clock that is turned
# between the rounds, so that restore points end and packs go; in full length beside that on a real S3 server (Ceph) as the remote tier. Runs after a killed one are killed as well, every second of them. Then the verb must come
# to its end, the repository verify with its data, what is restored equal the reserve as of the newest backup, and whoever was erased be away.
#   --rounds N   kills; 2000 unless told; of three or fewer, as ./test.sh calls it, 20, on disk alone and many in a row      --seed N   repeats what is drawn
#   --work DIR   where to work                              --keep     leaves everything behind
# STING_SOAK_LANES names one of disk and bucket, where not both are to be played.

default_rounds=2000
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
faketime=$(compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' | head -1)
[[ $faketime ]] || cannot "needs a clock that can be turned: apt-get install faketime"
[[ " $* " != *' --keep '* ]] || keep_all=1
bucket='' lanes=(disk) chain=2   # one of so many runs is the last that is killed before one is let live
if ((rounds > 3)); then
    for program in ceph-mon ceph-mgr ceph-osd radosgw; do [[ -x /usr/bin/$program ]] || cannot "needs Ceph's S3 server: apt-get install ceph-mon ceph-mgr ceph-osd radosgw"; done
    coproc SERVER { bench s3; }
    server_in=${SERVER[1]}
    trap 'kill $(jobs -p) 2>/dev/null; eval "exec ${server_in}>&-"; wait 2>/dev/null; [[ ${keep_all:-} ]] || rm -rf "$work"' EXIT
    read -r word endpoint access secret <&"${SERVER[0]}" && [[ $word == ready ]] || { fail "no S3 server"; soak_end; }
    echo bucket >&"$server_in" && read -r word bucket <&"${SERVER[0]}" && [[ $word == bucket ]] || { fail "no bucket"; soak_end; }
    export AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret
    read -ra lanes <<<"${STING_SOAK_LANES:-disk bucket}"
else
    rounds=20 chain=8
fi

# ours COMMAND…: the program, on disk by the turned clock. Times of files stay as they are.
ours() {
    if ((days > 0)); then
        LD_PRELOAD=$faketime FAKETIME="+${days}d" NO_FAKE_STAT=1 DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_FAKE_MONOTONIC=1 exec "$@"
    else
        exec "$@"
    fi
}
call() { (ours "$@") >"$log" 2>&1 </dev/null; }
# must COMMAND…: what nobody kills comes to its end.
must() {
    local code=0
    call "$@" || code=$?
    ((code == 0 || code == 3)) || { trouble "'$(basename "$1") $2' exited with $code, before anything was killed"; return 1; }
}
trouble() { { echo "$lane round $round ($verb, $kills kills so far): $*"; tail -12 "$log" | sed 's/^/    /'; } >>"$work/trouble"; }

begin_lane() {
    here=$work/$lane days=0
    reserve=$here/reserve repository=$here/repository config=$here/sting-backup.yaml log=$here/log back=$here/back
    local remote=$here/remote settings=() p f
    [[ $lane == disk ]] || { remote=s3://$bucket/kill settings=("--setting=remote.endpoint=$endpoint" --setting=remote.credentials=environment); }
    mkdir -p "$reserve/jars/j1" "$reserve/config" "$here/remote" "$here/archive"
    for ((p = 0; p < 5; p++)); do
        mkdir -p "$reserve/users/p$p"
        for ((f = 0; f < 6; f++)); do random 60000; head -c $((REPLY + 1)) /dev/urandom >"$reserve/users/p$p/file$f"; done
    done
    echo honey >"$reserve/jars/j1/doc.md"
    echo 'workers = 4' >"$reserve/config/app.conf"
    call sting-backup init --no-passphrase --backup-root "$repository" --reserve "$reserve" --config "$config" --key-directory "$here/keys" --state-directory "$here/state" --cache-directory "$here/cache" --log-directory "$here/logs" \
        "--setting=remote.location=$remote" "${settings[@]}" "--setting=archive.location=$here/archive" --setting=archive.after_days=2 --setting=local.max_percent=100 --setting=remote.at_commit=false --setting=performance.bandwidth_limit=none --setting=performance.cpu_limit=none \
        --setting=retention.local_days=4 --setting=retention.remote_days=6 --setting=retention.archive_days=8 --setting=retention.{user_files,honey_jars,settings}_days=8 --setting=erasure.delay_days=0 --setting=prune.grace_hours=24 ||
        { trouble "init exited with $?"; return 1; }
    sed 's/at_commit: false/at_commit: true/' "$config" >"$here/at-commit.yaml"
    must sting-backup full --config "$config" && echo "the officer's own words" >"$here/officer.pass" &&
        must sting-backup approver-new --name=officer "--key-file=$here/officer.approver" "--approver-passphrase-file=$here/officer.pass" &&
        must sting-backup approver-add "--public-file=$here/officer.approver.pub" --config "$config" --confirm || return 1
    expect
    local start=${EPOCHREALTIME/./}
    must sting-backup holds --config "$config" || return 1
    idle=$((${EPOCHREALTIME/./} - start))
}

expect() { rm -rf "$here/copy" && cp -a "$reserve" "$here/copy"; }
change() {
    local i
    for ((i = 0; i < 4; i++)); do
        random 5; local p=$REPLY; random 9; local f=$REPLY; random 90000
        head -c $((REPLY + 1)) /dev/urandom >"$here/new" && mv "$here/new" "$reserve/users/p$p/file$f"
    done
    random 5; p=$REPLY; random 9; rm -f "$reserve/users/p$p/file$REPLY"
    expect
}
backed_up() { change; must sting-backup incremental --config "$config"; }

# prepare: the verb gets something to do; sets command.
prepare() {
    command=(sting-backup "$verb" --config "$config")
    case $verb in
        full | incremental) change ;;
        commit) change; command=(sting-backup incremental --config "$here/at-commit.yaml") ;;
        sync | archive) backed_up; command=(sting-backup sync --config "$config") ;;
        retention) backed_up && must sting-backup sync --config "$config"; command+=(--confirm) ;;
        prune) backed_up ;;
        prune-remote) must sting-backup sync --config "$config"; command=(sting-backup prune --tier=remote --config "$config") ;;
        verify) command+=(--level data) ;;
        rotate)
            random 3; local kinds=(epoch subject writer)
            command=(sting-backup rotate-key "--kind=${kinds[REPLY]}" --config "$config" --confirm) ;;
        erase)
            victim=v$round
            mkdir -p "$reserve/users/$victim" && echo "what $victim wrote, planted by seed $seed" >"$reserve/users/$victim/diary"
            backed_up && ask || return 1
            command=(sting-backup erase-due --config "$config" --confirm) ;;
        heal)
            must sting-backup sync --config "$config" || return 1
            local object
            for object in $(find "$repository"/{data,meta,index,points} -type f 2>/dev/null | sort | awk -v n=$((RANDOM % 5)) 'NR % 5 == n' | head -4); do rm -f "$object"; done
            command=(sting-backup repair --config "$config" --confirm) ;;
        back)
            # Twice: that the archive was filled is on record behind the copying of records to the remote tier, and the next sync takes it there.
            must sting-backup sync --config "$config" && must sting-backup sync --config "$config" || return 1
            find "$repository" -mindepth 1 -delete
            command=(sting-backup sync --tier=local --config "$config") ;;
        restore) rm -rf "$back" && mkdir "$back"; command=(sting-restore full --date latest --destination "$back" --confirm --config "$config") ;;
    esac
}

# ask: an erasure is asked for and approved.
ask() {
    call sting-backup erase "--user=$victim" --config "$config" --confirm
    (($? == 4)) && must sting-backup approve --path="$(ls -t "$here"/state/approvals/*.request | head -1)" "--key-file=$here/officer.approver" "--approver-passphrase-file=$here/officer.pass" --confirm &&
        must sting-backup erase "--user=$victim" --config "$config" --confirm || { trouble "the erasure could not be asked for"; return 1; }
}

# kill_one: runs the command and kills it; sets outcome to killed, finished, or its exit code.
kill_one() {
    local code=0 taken from=$((idle * 7 / 10)) moment
    random $((${span[$verb]:-$((idle * 2))} + idle / 5 - from))
    moment=$((from + REPLY))
    (ours "${command[@]}") >"$log" 2>&1 </dev/null &
    child=$!
    kill_after "$moment"
    case $code in
        137) outcome=killed kills=$((kills + 1)) killed[$verb]=$((${killed[$verb]:-0} + 1)) ;;
        0 | 3) outcome=finished early=$((early + 1)) span[$verb]=$taken ;;
        *) outcome=$code ;;
    esac
}

# look: the repository is sound and gives back what it must, and nobody who was erased.
look() {
    local verified=0 restored=0
    (ours sting-backup verify --level data --config "$config") >"$here/verify.log" 2>&1 </dev/null &
    local verifying=$!
    if [[ $verb != restore ]]; then rm -rf "$back" && mkdir "$back"; fi
    call sting-restore full --date latest --destination "$back" --confirm --config "$config" || restored=$?
    wait "$verifying" || verified=$?
    ((verified == 0)) || { cp "$here/verify.log" "$log"; trouble "verify exited with $verified"; return 1; }
    ((restored == 0 || restored == 3)) || { trouble "a restore exited with $restored"; return 1; }
    if ! diff -r "$here/copy" "$back" >"$log" 2>&1 || ! diff <(listing "$here/copy") <(listing "$back") >"$log" 2>&1; then
        trouble "what was restored differs"
        return 1
    fi
    local gone=$victim
    ((${#erased[@]} == 0)) || { random ${#erased[@]}; gone=${erased[REPLY]}; }
    if [[ $verb == erase ]]; then gone=$victim; elif ((round % 4)); then return 0; fi
    [[ $gone ]] || return 0
    restored=0
    call sting-restore user "--email=$gone" --destination "$here/gone" --confirm --config "$config" || restored=$?
    ((restored == 1)) && grep -q SubjectErased "$log" && [[ ! -e $here/gone ]] || { trouble "a restore of $gone, who is erased, exited with $restored"; return 1; }
}
listing() { (cd "$1" && find . -mindepth 1 -printf '%P %y %m %U:%G %l ' \( -type d -printf '\n' -o -printf '%s %T@\n' \) | sort); }

# play LANE KILLS: rounds until so many were killed.
play() {
    lane=$1
    local goal=$2 kills=0 early=0 round=0 verb=begin victim='' erased=() command=() outcome code tries child=''
    declare -A span=() killed=()
    RANDOM=$((seed + ${#lane}))
    begin_lane || return
    local verbs=(incremental erase sync prune heal rotate back commit restore full verify)
    [[ $lane == bucket ]] || verbs+=(retention archive prune-remote)
    while ((kills < goal && round < 3 * goal)); do
        verb=${verbs[round % ${#verbs[@]}]} round=$((round + 1))
        [[ $lane == bucket ]] || days=$((days + 1))
        prepare || return
        for ((tries = 0; tries < 2 * chain; tries++)); do
            kill_one
            [[ $outcome == killed || $outcome == finished ]] || { trouble "it exited with $outcome before it was killed"; return; }
            [[ $outcome == killed ]] || break
            random "$chain"
            ((REPLY)) || break
        done
        code=0
        call "${command[@]}" || code=$?
        ((code == 0 || code == 3)) || { trouble "the next run exited with $code"; return; }
        if [[ $verb == erase ]]; then
            erased+=("$victim")
            rm -rf "$here/copy/users/$victim" "$reserve/users/$victim"
        fi
        look || return
        ((round % 10)) || echo "$lane: $kills kills in $round rounds, ${#erased[@]} erased"
    done
    echo "$kills $early $round ${#erased[@]} $(for verb in "${!killed[@]}"; do echo -n "$verb ${killed[$verb]}, "; done)" >"$work/tally.$lane"
}

: >"$work/trouble"
jobs=()
for lane in "${lanes[@]}"; do play "$lane" $((rounds / ${#lanes[@]})) & jobs+=($!); done
for job in "${jobs[@]}"; do wait "$job"; done
for lane in "${lanes[@]}"; do
    read -r kills early played gone by <"$work/tally.$lane" 2>/dev/null || { fail "on $lane it broke off"; continue; }
    echo "$lane: $kills processes killed in $played rounds (${by%, }), $early more finished before their moment, $gone people erased"
    ((kills >= rounds / ${#lanes[@]})) && pass || fail "on $lane only $kills runs were still at work when they were to be killed"
done
log=$work/trouble
[[ ! -s $work/trouble ]] || fail "$(head -1 "$work/trouble")"
soak_end
