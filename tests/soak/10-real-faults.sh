#!/usr/bin/env bash
# The program against what a real machine does to it: disks that are full (a small file system in memory), system calls that fail (strace), a server that is killed and started again, a line that is slow and breaks off
# (a proxy; nothing of the kernel's traffic control is needed). It must say so and end with an error, or come to its end: then what it did must be whole. The run after it must come to its end, the repository verify with
# its data, and what is restored equal the reserve. Limits of memory and processors are the affair of 6-limits.sh.
#   --rounds N   system calls that fail; 300 unless told; with three or fewer, as ./test.sh calls it, two, a full disk, and no server      --seed N   repeats what is drawn
#   --work DIR   where to work                              --keep     leaves everything behind

# A full disk needs a mount, which only root may make: in a namespace of its own, so that nothing is left of it.
if [[ -z ${STING_MOUNTS:-} ]] && unshare --mount true 2>/dev/null; then STING_MOUNTS=1 exec unshare --mount "$0" "$@"; fi

default_rounds=300
# shellcheck source=tests/soak/lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
soak_begin "$@"
is_short=''
((rounds > 3)) || is_short=1 rounds=2
remote=$work/remote back=$work/back

fill_reserve() {
    local p f
    rm -rf "$reserve" && mkdir -p "$reserve/jars/j1"
    for ((p = 0; p < 3; p++)); do
        mkdir -p "$reserve/users/p$p"
        for ((f = 0; f < 5; f++)); do head -c $((20000 + f * 30000)) /dev/urandom >"$reserve/users/p$p/file$f"; done
    done
    echo honey >"$reserve/jars/j1/doc.md"
}
change() {
    random 3; local p=$REPLY; random 5
    head -c 70000 /dev/urandom >"$reserve/users/p$p/file$REPLY"
}

# begin WHERE [SETTING…]: a repository there, with a remote tier in a folder.
begin() {
    repository=$1
    shift
    rm -rf "$config" "$work"/{state,cache,data}
    find "$repository" "$remote" -mindepth 1 -delete 2>/dev/null
    mkdir -p "$repository" "$remote"
    run sting-backup init --no-passphrase --backup-root "$repository" --reserve "$reserve" --config "$config" --key-directory "$work/data/keys" --state-directory "$work/state" --cache-directory "$work/cache" \
        --log-directory "$work/data/logs" "--setting=remote.location=$remote" --setting=remote.at_commit=false --setting=local.max_percent=100 --setting=performance.{cpu,bandwidth}_limit=none "$@"
}

# told CODE ID…: a command ended with that code, and one of these errors is named with what to do.
told() {
    local code=$1 id
    shift
    [[ $code == 1 ]] || return 1
    for id; do grep -q "$id" "$log" && return; done
    return 1
}

# sound WHAT: everything is as it must be.
sound() {
    run sting-backup verify --level data --config "$config" || { fail "$1: verify exited with $?"; return 1; }
    rm -rf "$back" && mkdir "$back"
    run sting-restore full --date latest --destination "$back" --confirm --config "$config" || { fail "$1: the restore exited with $?"; return 1; }
    diff -r "$reserve" "$back" >"$log" 2>&1 || { fail "$1: what was restored differs"; return 1; }
}

# ---- Full disks.
small() { umount "$1" 2>/dev/null; mkdir -p "$1" && mount -t tmpfs -o "size=$2" none "$1"; }
grow() { mount -o "remount,size=$2" "$1"; }

full_disks() {
    local code
    # The repository's disk: the first backup, an increment, then retention and sweeps, which must work where nothing else does.
    small "$work/disk" 700k && begin "$work/disk/repository" || { fail "full disk: init exited with $?"; return; }
    code=0; run sting-backup full --config "$config" || code=$?
    told $code StoreFull || { fail "full disk: the first backup exited with $code"; return; }
    grow "$work/disk" 4m
    run sting-backup full --config "$config" && sound "full disk, when there is room again" && pass || { fail "full disk: the backup after it exited with $?"; return; }
    change
    cat /dev/zero >"$work/disk/ballast" 2>/dev/null
    code=0; run sting-backup incremental --config "$config" || code=$?
    told $code StoreFull || { fail "full disk: an increment exited with $code"; return; }
    run sting-backup verify --level data --config "$config" || { fail "full disk: verify exited with $?"; return; }
    rm "$work/disk/ballast"
    run sting-backup incremental --config "$config" && sound "full disk, the increment again" && pass || { fail "full disk: the increment after it exited with $?"; return; }
    [[ ! $is_short ]] || return 0

    # The remote tier's disk.
    small "$work/far" 300k && remote=$work/far/remote && begin "$work/disk/repository" || { fail "full remote disk: init exited with $?"; return; }
    run sting-backup full --config "$config"
    code=0; run sting-backup sync --config "$config" || code=$?
    told $code StoreFull TierFailed || { fail "full remote disk: the sync exited with $code"; return; }
    sound "full remote disk" || return
    grow "$work/far" 8m
    run sting-backup sync --config "$config" && run sting-backup verify --level data --tier=remote --config "$config" && pass || { fail "full remote disk: the sync after it, or its verification, exited with $?"; return; }

    # Where it is restored to.
    small "$work/target" 400k
    code=0; run sting-restore full --date latest --destination "$work/target/back" --confirm --config "$config" || code=$?
    told $code RestoreNoRoom RestoreItemFailed StoreFull || { fail "full target: the restore exited with $code"; return; }
    grow "$work/target" 8m
    run sting-restore full --date latest --destination "$work/target/back" --confirm --config "$config" && diff -r "$reserve" "$work/target/back" >"$log" 2>&1 && pass || { fail "full target: the restore after it exited with $?"; return; }

    # The disk of state, cache, keys and logs.
    small "$work/host" 8m && remote=$work/remote
    rm -rf "$config" "$work/repository" && mkdir -p "$work/repository" "$work/host/keys"
    find "$remote" -mindepth 1 -delete
    run sting-backup init --no-passphrase --backup-root "$work/repository" --reserve "$reserve" --config "$config" --key-directory "$work/host/keys" --state-directory "$work/host/state" --cache-directory "$work/host/cache" \
        --log-directory "$work/host/logs" --setting=local.max_percent=100 --setting=performance.{cpu,bandwidth}_limit=none || { fail "full host disk: init exited with $?"; return; }
    run sting-backup full --config "$config" || { fail "full host disk: the first backup exited with $?"; return; }
    local verb
    for verb in incremental 'rotate-key --kind=subject --confirm' 'rotate-key --kind=epoch --confirm' 'rotate-key --kind=writer --confirm' 'verify --level data' 'retention --confirm' prune; do
        change
        cat /dev/zero >"$work/host/ballast" 2>/dev/null
        code=0
        # shellcheck disable=SC2086
        run sting-backup $verb --config "$config" || code=$?
        ((code == 0 || code == 1 || code == 3)) && ! grep -qi 'unhandled\|nullreference' "$log" || { fail "full host disk: $verb exited with $code"; return; }
        rm "$work/host/ballast"
        # shellcheck disable=SC2086
        run sting-backup $verb --config "$config" || { fail "full host disk: $verb exited with $? when there was room again"; return; }
        run sting-backup incremental --config "$config" || { fail "full host disk: the backup after $verb exited with $?"; return; }
        sound "full host disk, $verb" && pass || return
    done
}

# ---- System calls that fail. What the runtime itself begins with stands before what is drawn: a program that does not come up changes nothing.
calls=(fsync pwrite64 pread64 link renameat2 rename unlink mkdir openat getdents64 fdatasync ftruncate write)
failing_calls() {
    [[ $(type -P strace) ]] || { pass_over "system calls that fail: strace is not installed"; return; }
    repository=$work/repository remote=$work/remote
    begin "$repository" || { fail "failing calls: init exited with $?"; return; }
    run sting-backup full --config "$config" || { fail "failing calls: the first backup exited with $?"; return; }
    local verbs=(incremental full sync verify restore rotate prune repair) verb call n code number count error command what
    declare -A counts=()
    local hit=0 loud=0 borne=0
    for ((number = 0; number < rounds; number++)); do
        verb=${verbs[number % ${#verbs[@]}]}
        [[ ! $is_short ]] || verb=incremental
        command=(sting-backup "$verb" --config "$config")
        case $verb in
            incremental | full) change ;;
            sync) change; run sting-backup incremental --config "$config" || { fail "failing calls: a backup that nothing disturbed exited with $?"; return; } ;;
            verify) command+=(--level data) ;;
            rotate) random 3; local kinds=(subject epoch writer); command=(sting-backup rotate-key "--kind=${kinds[REPLY]}" --config "$config" --confirm) ;;
            repair) command+=(--confirm) ;;
            restore) rm -rf "$back" && mkdir "$back"; command=(sting-restore full --date latest --destination "$back" --confirm --config "$config") ;;
        esac
        # How often each call is made, once by verb; what the first tenth are is mostly the runtime's own start.
        if [[ ! ${counts[$verb.fsync]:-} ]]; then
            strace -f --seccomp-bpf -o "$work/trace" -e "trace=$(IFS=,; echo "${calls[*]}")" "${command[@]}" >"$log" 2>&1 </dev/null || { fail "failing calls: '$verb' under strace exited with $?"; return; }
            for call in "${calls[@]}"; do counts[$verb.$call]=$(grep -c " $call(" "$work/trace"); done
            case $verb in
                incremental | full) change ;;
                restore) rm -rf "$back" && mkdir "$back" ;;
                sync) change; run sting-backup incremental --config "$config" ;;
            esac
        fi
        while :; do
            random ${#calls[@]}; call=${calls[REPLY]} count=${counts[$verb.$call]}
            ((count > 0)) && break
        done
        random "$count"; n=$((REPLY + 1))
        random 3; local errors=(EIO ENOSPC EIO); error=${errors[REPLY]}
        [[ $call == pread64 || $call == getdents64 ]] && error=EIO
        what="$verb, $error at $call $n of $count"
        code=0
        # 134 and 139: a runtime that could not come up, or lost a call of its own, ends itself; 131 and 145 the host before it. The shell would say so each time.
        { strace -f --seccomp-bpf -o "$work/trace" -e "trace=$call" -e "inject=$call:error=$error:when=$n" "${command[@]}" >"$log" 2>&1 </dev/null || code=$?; } 2>/dev/null
        if grep -q INJECTED "$work/trace"; then hit=$((hit + 1)); fi
        if ((code == 0)); then
            borne=$((borne + 1))
        else
            loud=$((loud + 1))
            [[ -s $log ]] || { fail "$what: it exited with $code without a word"; continue; }
            case $verb in
                restore) ;;
                *) run "${command[@]}" || { fail "$what: it exited with $code, and the next run with $?"; continue; } ;;
            esac
        fi
        # What it calls done is done, and after an error the next run has made it whole: the reserve has not changed since.
        [[ $verb == sync ]] && { run sting-backup verify --level data --tier=remote --config "$config" || { fail "$what ($code): the remote tier's verification exited with $?"; continue; }; }
        if [[ $verb == restore && $code == 0 ]]; then diff -r "$reserve" "$back" >"$log" 2>&1 || { fail "$what: it told nothing, and what it restored differs"; continue; }; fi
        [[ $verb == incremental || $verb == full || $verb == sync ]] || run sting-backup incremental --config "$config" || { fail "$what ($code): the backup after it exited with $?"; continue; }
        sound "$what ($code)" && pass
    done
    echo "system calls that fail: $hit of $rounds were met, $loud ended the program, $borne did not"
}

# ---- A server that goes away, and a bad line.
with_server() {
    for program in ceph-mon ceph-mgr ceph-osd radosgw; do [[ -x /usr/bin/$program ]] || { pass_over "a server that goes away: Ceph is not installed"; return; }; done
    coproc SERVER { bench s3; }
    local in=${SERVER[1]} out=${SERVER[0]} word endpoint access secret bucket
    read -r word endpoint access secret <&"$out" && [[ $word == ready ]] || { fail "no S3 server"; return; }
    echo bucket >&"$in" && read -r word bucket <&"$out"
    export AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret
    local round code host=${endpoint#http://} cuts=0 told=0 through=0
    { coproc LINE { exec python3 "$root/tests/soak/lib/slow_proxy.py" "${host%:*}" "${host##*:}" 400000 15; }; } 2>/dev/null   # bash warns of a second one
    local line_in=${LINE[1]} line_out=${LINE[0]} port
    read -r port <&"$line_out" || { fail "no proxy"; return; }
    remote=s3://$bucket/faults repository=$work/repository
    rm -rf "$work/remote"
    begin "$repository" "--setting=remote.endpoint=http://127.0.0.1:$port" --setting=remote.credentials=environment || { fail "bad line: init exited with $?"; return; }
    run sting-backup full --config "$config" || { fail "bad line: the first backup exited with $?"; return; }
    run sting-backup sync --config "$config" && pass || { fail "slow line: the first sync exited with $?"; return; }
    for ((round = 0; round < rounds / 15; round++)); do
        change; change; change
        run sting-backup incremental --config "$config" || { fail "bad line: a backup exited with $?"; return; }
        sting-backup sync --config "$config" >"$log" 2>&1 </dev/null &
        child=$!
        random 1500; sleep "$(printf '%d.%03d' $((REPLY / 1000)) $((REPLY % 1000)))"
        if ((round % 2)); then
            echo cut >&"$line_in"
        else
            echo down >&"$in" && read -r word <&"$out"
            random 2500; sleep "$(printf '%d.%03d' $((REPLY / 1000)) $((REPLY % 1000)))"
            echo up >&"$in" && read -r word <&"$out"
        fi
        cuts=$((cuts + 1)) code=0
        wait "$child" || code=$?
        child=''
        ((code == 0)) && through=$((through + 1))
        ((code != 0)) && { told=$((told + 1)); grep -qE 'Store[A-Z]|Tier[A-Z]' "$log" || { fail "bad line: the sync exited with $code and names nothing"; continue; }; }
        run sting-backup sync --config "$config" || { fail "bad line: the sync after it exited with $?"; continue; }
        run sting-backup verify --level data --tier=remote --config "$config" || { fail "bad line: the remote tier's verification exited with $?"; continue; }
        pass
    done
    # From the remote tier alone, over the slow line. A sync first: that the tier was verified is on record on the local tier alone until then, and a record that is gone is told as gone.
    run sting-backup sync --config "$config" || { fail "bad line: the last sync exited with $?"; return; }
    find "$repository" -mindepth 1 -delete
    if ! run sting-backup sync --tier=local --config "$config"; then fail "the local tier could not be brought back over the slow line"; elif sound "what came back over the slow line"; then pass; fi
    echo "a server killed and started again, a line cut: $cuts times in the middle of a sync, $through went on to their end, $told ended with an error"
    eval "exec ${line_in}>&- ${in}>&-"
    wait "$SERVER_PID" "$LINE_PID" 2>/dev/null
}

fill_reserve
if [[ ${STING_MOUNTS:-} ]]; then full_disks; else pass_over "full disks: nobody but root can mount one"; fi
umount "$work"/{disk,far,target,host} 2>/dev/null
failing_calls
[[ $is_short ]] || with_server
soak_end
